// Live messages: a WebSocket that comes back after every loss, and asking at intervals while there is none.

const WAITS_MS = [500, 1000, 2000, 5000, 10_000, 30_000]
const POLL_MS = 5000
const SILENCE_MS = 60_000 // the server says something every 25 s: so long without a word is a connection that only looks alive
const REFUSED = [4401, 4403, 4422] // not known to the server (any more): asking over HTTP tells which, and what now
const SETTLE_MS = 1500 // time for another tab, which may have ended all of it, to say so

/**
 * `opening()` → {url, hello} or null where there is nothing to follow; `hello` is the first frame. `heard(frame)` gets each
 * frame; `poll()` is called at intervals while the socket is down, in a hidden tab only with `whileHidden`; `connected()`
 * each time that it is up, `lost()` each time that it is not any more.
 */
export class Live {
  #socket = null
  #timer = null
  #poller = null
  #silence = null
  #failures = 0
  #wanted = false

  constructor(calls, { whileHidden = false } = {}) {
    this.calls = calls
    this.whileHidden = whileHidden
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

  /** Again from the start: something else to follow, or the network is back. */
  restart() {
    this.#failures = 0
    this.#drop()
    if (this.#wanted) this.#open()
  }

  /** Tells the server something that may be lost: what must not be lost goes over HTTP. */
  send(frame) {
    if (this.up) this.#socket.send(JSON.stringify(frame))
  }

  #drop() {
    clearTimeout(this.#timer)
    clearTimeout(this.#silence)
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
      socket.send(JSON.stringify(opening.hello))
      this.#pollWhile(false)
      this.#expectWord()
      this.calls.connected()
    }
    socket.onmessage = ({ data }) => {
      this.#failures = 0 // only a frame proves that the server took the first one
      this.#expectWord()
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

  #expectWord() {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => (this.#drop(), this.#lost()), SILENCE_MS)
  }

  #lost(refused = false) {
    clearTimeout(this.#silence)
    this.#socket = null
    if (!this.#wanted) return
    this.calls.lost?.()
    if (refused) setTimeout(() => this.calls.poll(), SETTLE_MS)
    const wait = WAITS_MS[Math.min(this.#failures++, WAITS_MS.length - 1)]
    this.#timer = setTimeout(() => this.#open(), wait * (0.8 + 0.4 * Math.random()))
    this.#pollWhile(this.#failures > 1)
  }

  #pollWhile(down) {
    if (down && !this.#poller) this.#pollAgain()
    if (!down) {
      clearTimeout(this.#poller)
      this.#poller = null
    }
  }

  /** Each time set anew after an answer: an interval of a hidden tab would run once a minute. */
  #pollAgain() {
    const poller = setTimeout(async () => {
      if (this.whileHidden || !document.hidden) await this.calls.poll()
      if (this.#poller === poller) this.#pollAgain()
    }, POLL_MS)
    this.#poller = poller
  }
}
