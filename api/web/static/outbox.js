// What the visitor said and the server has not yet confirmed: kept over reloads, sent in order, never given up silently.

import { Refused, Unreachable } from "./api-client.js"

const WAITS_MS = [1000, 2000, 4000, 8000, 15_000, 30_000]

/**
 * Sends its letters one after another. A letter is {client_id, text?, payload?, title, at}: the server handles a
 * `client_id` once, so sending again after a lost answer is safe, from this tab or another.
 *
 * `deliver(letter)` makes the call; the letter is struck off when it resolves. What happens is told to `watch`:
 * sending(letter), waiting(letter, error), refused(letter, error).
 */
export class Outbox {
  #running = false
  #timer = null
  #failures = 0

  constructor(keep, lockName, deliver, watch) {
    Object.assign(this, { keep, lockName, deliver, watch })
  }

  get letters() {
    return this.keep.get("outbox", [])
  }

  add(letter) {
    this.keep.set("outbox", [...this.letters, letter])
    this.flush()
  }

  strike(clientId) {
    this.keep.set("outbox", this.letters.filter((letter) => letter.client_id !== clientId))
  }

  clear() {
    this.keep.remove("outbox")
    this.rest()
  }

  rest() {
    clearTimeout(this.#timer)
    this.#timer = null
  }

  /** Starts sending now, whatever wait was running. */
  async flush() {
    this.rest()
    if (this.#running || !this.letters.length) return
    this.#running = true
    try {
      await this.#alone(() => this.#sendAll())
    } finally {
      this.#running = false
    }
  }

  async #sendAll() {
    for (let letter = this.letters[0]; letter; letter = this.letters[0]) {
      this.watch.sending(letter)
      try {
        await this.deliver(letter)
        this.#failures = 0
        this.strike(letter.client_id)
      } catch (error) {
        if (error instanceof Unreachable || (error instanceof Refused && error.again)) {
          this.watch.waiting(letter, error)
          const wait = WAITS_MS[Math.min(this.#failures++, WAITS_MS.length - 1)] * (0.8 + 0.4 * Math.random())
          this.#timer = setTimeout(() => this.flush(), Math.max(wait, error.retryAfterMs ?? 0))
          return
        }
        this.strike(letter.client_id)
        this.watch.refused(letter, error)
      }
    }
  }

  /** One tab at a time where the browser can promise it; elsewhere the server's client_id keeps order harmless. */
  #alone(work) {
    return navigator.locks ? navigator.locks.request(this.lockName, work) : work()
  }
}
