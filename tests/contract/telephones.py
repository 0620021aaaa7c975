"""Real SIP telephones (sipp) and a real exchange (Asterisk), each a process of its own on loopback."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

PASSWORD = "the exchange's pass phrase in tests"
MODULES = Path("/usr/lib/x86_64-linux-gnu/asterisk/modules")
READY_S, END_S = 30.0, 10.0

_MODULES = """
    res_sorcery_config res_sorcery_memory res_sorcery_astdb res_timing_timerfd res_http_websocket res_websocket_client
    res_stasis res_stasis_answer res_stasis_playback res_stasis_recording res_stasis_snoop res_stasis_device_state
    res_ari_model res_ari res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels res_ari_events
    res_pjproject res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_nat res_pjsip_pubsub
    res_rtp_asterisk chan_pjsip bridge_simple bridge_softmix codec_ulaw codec_alaw app_stasis
"""
_CONF = {
    "asterisk.conf": """
[directories]
astetcdir => {here}
astmoddir => {modules}
astvarlibdir => {here}
astdbdir => {here}
astkeydir => {here}
astdatadir => /usr/share/asterisk
astagidir => {here}
astspooldir => {here}
astrundir => {here}
astlogdir => {here}
[options]
nofork = yes
""",
    "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {name}.so\n" for name in _MODULES.split()),
    "http.conf": "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = {http}\n",
    "ari.conf": "[general]\nenabled = yes\n[bangban]\ntype = user\npassword = {password}\n",
    "logger.conf": "[general]\n[logfiles]\nfull => notice,warning,error,verbose(3)\n",
    "rtp.conf": "[general]\nrtpstart = 20000\nrtpend = 20999\n",
    "pjsip.conf": """
[loopback]
type = transport
protocol = udp
bind = 127.0.0.1:{sip}
[bangban]
type = endpoint
context = none
disallow = all
allow = alaw
aors = bangban
direct_media = no
[bangban]
type = aor
contact = sip:127.0.0.1:{trunk}
""",
}


def missing() -> str | None:
    """What is not installed that the real exchange needs; None where everything is."""
    programs = [name for name in ("asterisk", "sipp") if shutil.which(name) is None]
    return " and ".join(programs) or None


@contextmanager
def exchange(folder: Path, trunk_port: int) -> Iterator[str]:
    """A real Asterisk whose trunk leads to `trunk_port`; gives the address of its REST interface."""
    folder.mkdir()
    places = {"here": folder, "modules": MODULES, "password": PASSWORD, "trunk": trunk_port}
    places |= {"http": free_port(socket.SOCK_STREAM), "sip": free_port()}
    for name, text in _CONF.items():
        (folder / name).write_text(text.format(**places))
    process = subprocess.Popen(
        ["asterisk", "-C", str(folder / "asterisk.conf"), "-f"],
        stdout=(folder / "stdout").open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        url = f"http://127.0.0.1:{places['http']}/ari"
        _wait_for(url, process, folder)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Telephone:
    """A sipp that answers calls as its scenario says: "answers", "busy", "silent" or "hangs_up"."""

    def __init__(self, folder: Path, behaviour: str) -> None:
        self.port = free_port()
        self.trace = folder / f"telephone-{self.port}.log"
        scenario = folder / f"{behaviour}-{self.port}.xml"
        scenario.write_text(SCENARIOS[behaviour])
        self._process = subprocess.Popen(
            ["sipp", "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(self.port), "-nostdin",
             "-trace_msg", "-message_file", str(self.trace)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip

    @property
    def address(self) -> str:
        """As the roster has it."""
        return f"sip:window@127.0.0.1:{self.port}"

    def heard(self, method: str) -> int:
        """How many requests of a method (INVITE, ACK, CANCEL, BYE) have come to it."""
        told = self.trace.read_text("latin-1") if self.trace.exists() else ""
        return sum(line.startswith(f"{method} sip:") for line in told.splitlines())

    def end(self) -> None:
        """Switch it off."""
        self._process.kill()
        self._process.wait()


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    """A port on loopback that nothing listens on now."""
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    ends = time.monotonic() + READY_S
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/channels", auth=("bangban", PASSWORD), trust_env=False).is_success:
                return
        time.sleep(0.1)
    log = folder / "full"
    raise AssertionError(log.read_text("utf-8", "replace")[-4000:] if log.exists() else "Asterisk did not start")


_REPLY = """
  <send{more}>
    <![CDATA[
      SIP/2.0 {status}
      [last_Via:]
      [last_From:]
      [last_To:];tag=[pid]SIPpTag01[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:[local_ip]:[local_port];transport=[transport]>
      {body}
    ]]>
  </send>
"""
_EMPTY = "Content-Length: 0"
_SOUND = """Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=window 1 1 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [auto_media_port] RTP/AVP 8
      a=rtpmap:8 PCMA/8000
"""
_INVITED = '<recv request="INVITE" rrs="true"/>' + _REPLY.format(status="180 Ringing", body=_EMPTY, more="")
_TAKEN = (
    _REPLY.format(status="200 OK", body=_SOUND, more=' retrans="500"')
    + """<recv request="ACK"><action>
      <ereg regexp=":.*" search_in="hdr" header="To" assign_to="mine"/>
      <ereg regexp=":.*" search_in="hdr" header="From" assign_to="theirs"/>
    </action></recv>"""
)
_OK = _REPLY.format(status="200 OK", body=_EMPTY, more="").replace(";tag=[pid]SIPpTag01[call_number]", "")
_GOODBYE = '<recv request="BYE"/>' + _OK + '<Reference variables="mine,theirs"/>'
# Who was rung hangs up: its From is what was the To, and its requests go where the INVITE's Contact says.
_BYE = """
  <pause milliseconds="500"/>
  <send retrans="500">
    <![CDATA[
      BYE [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From[$mine]
      To[$theirs]
      [last_Call-ID:]
      CSeq: 2 BYE
      Max-Forwards: 70
      Content-Length: 0
    ]]>
  </send>
  <recv response="200"/>
"""
_BUSY = _REPLY.format(status="486 Busy Here", body=_EMPTY, more=' retrans="500"')
# It ends the INVITE, though the CANCEL came last.
_CANCELLED = _REPLY.format(status="487 Request Terminated", body=_EMPTY, more="").replace(
    "[last_CSeq:]", "CSeq: [cseq] INVITE"
)


def _scenario(*steps: str) -> str:
    return f'<?xml version="1.0"?>\n<scenario name="telephone">{"".join(steps)}</scenario>'


SCENARIOS = {
    "answers": _scenario(_INVITED, _TAKEN, _GOODBYE),
    "hangs_up": _scenario(_INVITED, _TAKEN, _BYE),
    "busy": _scenario(_INVITED, _BUSY, '<recv request="ACK"/>'),
    "silent": _scenario(_INVITED, '<recv request="CANCEL"/>', _OK, _CANCELLED, '<recv request="ACK"/>'),
}
