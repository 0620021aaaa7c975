// Live messages: a WebSocket that comes back after every loss, and asking at intervals while there is none.

const WAITS_MS = [500, 1000, 2000, 5000, 10_000, 30_000]
const POLL_MS = 5000
const REFUSED = [4401, 4403, 4422] // token, session or "after" unknown: asking over HTTP tells which, and what now
const SETTLE_MS = 1500 // time for another tab, which may have erased the conversation, to say so

/**
 * `opening()` → {url, token, after} or null where there is no session; `heard(frame)` gets each frame; `poll()` is
 * called at intervals while the socket is down; `connected()` each time that it is up.
 */
export class Live {
  #socket = null
  #timer = null
  #poller = null
  #failures = 0
  #wanted = false

  constructor(calls) {
    this.calls = calls
  }

  get up() {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  start() {
    if (this.#wanted) return
    this.#wanted = true
    this.#open()
  }

  stop() {
    this.#wanted = false
    this.#drop()
    this.#pollWhile(false)
  }

  /** Again from the start: another session, or the network is back. */
  restart() {
    this.#failures = 0
    this.#drop()
    if (this.#wanted) this.#open()
  }

  #drop() {
    clearTimeout(this.#timer)
    const socket = this.#socket
    this.#socket = null
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.close()
    }
  }

  #open() {
    const opening = this.calls.opening()
    if (!opening) return
    let socket
    try {
      socket = new WebSocket(opening.url)
    } catch {
      return this.#lost() // a page's connect-src policy can forbid it: asking at intervals remains
    }
    this.#socket = socket
    socket.onopen = () => {
      socket.send(JSON.stringify({ token: opening.token, ...(opening.after ? { after: opening.after } : {}) }))
      this.#pollWhile(false)
      this.calls.connected()
    }
    socket.onmessage = ({ data }) => {
      this.#failures = 0 // only a frame proves that the server took the token
      let frame = null
      try {
        frame = JSON.parse(data)
      } catch {
        return
      }
      this.calls.heard(frame)
    }
    socket.onclose = ({ code }) => this.#lost(REFUSED.includes(code))
  }

  #lost(refused = false) {
    this.#socket = null
    if (!this.#wanted) return
    if (refused) setTimeout(() => this.calls.poll(), SETTLE_MS)
    const wait = WAITS_MS[Math.min(this.#failures++, WAITS_MS.length - 1)]
    this.#timer = setTimeout(() => this.#open(), wait * (0.8 + 0.4 * Math.random()))
    this.#pollWhile(this.#failures > 1)
  }

  #pollWhile(down) {
    if (down && !this.#poller) this.#poller = setInterval(() => !document.hidden && this.calls.poll(), POLL_MS)
    if (!down) {
      clearInterval(this.#poller)
      this.#poller = null
    }
  }
}
