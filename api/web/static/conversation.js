// One conversation as the visitor has it: the session, what was said, what waits to be sent, who is answering.

import { ApiClient, HOME, Refused, Unreachable } from "./api-client.js"
import { newId } from "./build.js"
import { Keep } from "./keep.js"
import { Live } from "./live.js"
import { Outbox } from "./outbox.js"
import { Transcript } from "./transcript.js"

const TYPING_MS = 12_000
const PERSON_TYPING_MS = 7000 // a helper's sign fades after 6 s
const TELL_TYPING_MS = 3000
const FRESH_TOKEN = 2 // so many sessions in a row may be refused before it is an error, not an old session

/**
 * Tells, as events: "entries" (something said, sent or refused), "state" (who answers, ticket, the desk's notice, ended,
 * erased), "connection", "typing", "notice" with a text's key to say once, and "returned" {text, detail} for what the
 * server would not take.
 */
export class Conversation extends EventTarget {
  state = "bot"
  phase = "idle" // idle → opening → open → ended | erased | failed
  ticket = null // {number?, position?, expected_wait_s?}
  online = navigator.onLine !== false
  typing = false
  notice = null // {zh, en} that the desk shows to every visitor

  #client = new ApiClient()
  #keep = new Keep(`bangban:${HOME.href}:`)
  #transcript = new Transcript()
  #outbox
  #live
  #starting = null
  #renewals = 0
  #typingTimer = null
  #toldTyping = -Infinity
  #pulling = null
  #epoch = null

  constructor({ language, item }) {
    super()
    this.language = language // () → "zh" | "en": what a new session starts in
    this.item = item // () → item id or null: what a new session opens on
    const name = `bangban-outbox:${HOME.href}`
    this.#outbox = new Outbox(this.#keep, name, (letter) => this.#deliver(letter), {
      sending: (letter) => this.#mark(letter, "sending"),
      waiting: (letter, error) => this.#waiting(letter, error),
      refused: (letter, error) => this.#refused(letter, error),
    })
    this.#live = new Live({
      opening: () => this.#opening(),
      heard: (frame) => this.#heard(frame),
      poll: () => this.pull(),
      connected: () => this.#reached(),
    })
  }

  connect() {
    window.addEventListener("online", this)
    window.addEventListener("offline", this)
    window.addEventListener("storage", this)
    document.addEventListener("visibilitychange", this)
  }

  disconnect() {
    window.removeEventListener("online", this)
    window.removeEventListener("offline", this)
    window.removeEventListener("storage", this)
    document.removeEventListener("visibilitychange", this)
    this.#live.stop()
    this.#outbox.rest()
    clearTimeout(this.#typingTimer)
    this.phase = "idle"
  }

  /** What was said; see transcript.js. */
  get entries() {
    return this.#transcript.entries
  }

  get session() {
    return this.#keep.get("session")
  }

  get preferences() {
    return this.#keep.get("preferences", {})
  }

  set preferences(changed) {
    this.#keep.set("preferences", { ...this.preferences, ...changed })
  }

  get untouched() {
    return !this.entries.some((entry) => entry.sender === "visitor")
  }

  /** A helper has or will have this conversation, so that news must reach the visitor even with the panel closed. */
  get awaitsPerson() {
    return Boolean(this.session) && ["queued", "human"].includes(this.#keep.get("state"))
  }

  /** Brings up the kept conversation, or a new one. Safe to call again at any time. */
  async start() {
    if (this.phase === "open" || this.phase === "ended") return
    this.#starting ??= this.#begin().finally(() => (this.#starting = null))
    return this.#starting
  }

  /** Text or an option of the visitor; shown at once, sent when it can be. */
  say({ text, payload, title }) {
    const letter = { client_id: newId(), text, payload, title: title ?? text, at: new Date().toISOString() }
    if (this.phase === "ended" || this.phase === "erased") this.#forget()
    this.#show(letter)
    this.#outbox.add(letter)
    if (this.phase !== "open") this.start()
  }

  /** Sends a refused entry once more, as a new message. */
  repeat(entry) {
    this.#transcript.drop(entry)
    this.say(entry.said)
  }

  retryNow() {
    if (this.phase === "failed") this.start()
    this.#outbox.flush()
  }

  /** Tells whether an answer helped. Rejects with Unreachable or Refused. */
  async feedback(given) {
    await this.#client.feedback(this.session, given)
    if (given.message_id) {
      this.#keep.set("feedback", { ...this.#keep.get("feedback", {}), [given.message_id]: given.resolved })
    }
    this.#reached()
  }

  feedbackOn(messageId) {
    return this.#keep.get("feedback", {})[messageId]
  }

  /** Asks for a person. Rejects with Unreachable or Refused. */
  async handOver(reason) {
    await this.start()
    const told = await this.#client.handOver(this.session, reason)
    this.#reached()
    this.#setTicket(told)
    this.#setState(told.state)
    await this.pull()
    this.#ring()
  }

  /** Waits for nobody any more; the assistant goes on answering. Rejects with Unreachable or Refused. */
  async stopWaiting() {
    await this.#client.stopWaiting(this.session)
    this.#reached()
    this.#setTicket(null)
    this.#setState("bot")
    await this.pull()
    this.#ring()
  }

  /** Leaves where to be called back: {phone or email, when?}. Rejects with Unreachable or Refused. */
  async callBack(wish) {
    const { ticket_number: number, message } = await this.#client.callBack(this.session, wish)
    this.#reached()
    this.#setTicket({ number })
    this.#receive([message])
    this.#ring()
  }

  /** Lets a helper see that the visitor is writing. */
  tellTyping() {
    if (this.state !== "human" || performance.now() - this.#toldTyping < TELL_TYPING_MS) return
    this.#toldTyping = performance.now()
    this.#live.send({ type: "typing" })
  }

  /** The visitor is done: nothing is deleted, the next message starts anew. */
  end() {
    if (this.state === "queued") this.#client.stopWaiting(this.session).catch(() => {}) // a visitor who left is let go anyway
    this.phase = "ended"
    this.#keep.set("ended", true)
    this.#live.stop()
    this.#tell("state")
  }

  /** Deletes what the visitor said, on the server and here. Rejects with Unreachable or Refused; then nothing is lost. */
  async erase() {
    this.#live.stop() // it would tell the end before the server has answered
    try {
      if (this.session) await this.#client.erase(this.session)
    } catch (error) {
      if (!(error instanceof Refused && error.sessionGone)) {
        this.#live.start()
        throw error
      }
    }
    this.#forget()
    this.phase = "erased"
    this.#tell("state")
  }

  async startAnew() {
    this.#forget()
    await this.start()
  }

  /** Fetches what this tab does not have yet. Quiet where it cannot. */
  async pull() {
    if (!this.session || this.phase !== "open") return
    this.#pulling ??= this.#catchUp().finally(() => (this.#pulling = null))
    return this.#pulling
  }

  /** The permit that the page is about, when the conversation is not already on it; null otherwise or unknown. */
  async pageItem() {
    const id = this.item()
    if (!id || this.session?.item === id) return null
    return this.#client.item(id).catch(() => null)
  }

  handleEvent(event) {
    if (event.type === "offline") return this.#unreached()
    if (event.type === "online") return this.#live.restart(), this.pull(), this.retryNow()
    if (event.type === "visibilitychange") return document.hidden || this.online || this.retryNow()
    this.#otherTab(this.#keep.nameIn(event), event.newValue)
  }

  // ---- the session

  async #begin() {
    this.phase = "opening"
    this.#tell("state")
    this.#transcript.clear()
    for (const letter of this.#outbox.letters) this.#show(letter)
    try {
      await this.#ensureSession()
      this.#reached()
      this.phase = this.#keep.get("ended") ? "ended" : "open"
      this.#restoreTicket()
      if (this.phase === "open") this.#live.restart(), this.#live.start()
      if (this.state === "queued") this.#readQueuePlace()
      this.#client.notice().then(({ notice }) => this.#setNotice(notice), () => {}) // an older server has none
      this.#tell("state")
      this.#outbox.flush()
    } catch (error) {
      this.phase = "failed"
      this.failure = error
      if (error instanceof Unreachable) this.#unreached()
      this.#tell("state")
      setTimeout(() => this.phase === "failed" && this.start(), error.retryAfterMs || 5000)
    }
  }

  async #ensureSession() {
    if (this.session) {
      try {
        const { messages, state } = await this.#client.messages(this.session)
        this.#receive(messages)
        this.#setState(state)
        return
      } catch (error) {
        if (!(error instanceof Refused && error.sessionGone)) throw error
        this.#forgetSession()
        this.#tell("notice", "renewed")
      }
    }
    await this.#alone(async () => {
      if (this.session) return this.#receive((await this.#client.messages(this.session)).messages) // another tab was first
      const started = await this.#newSession()
      const { session_id, token, language } = started
      this.#keep.set("session", { session_id, token, language, item: this.item() })
      this.#receive(started.messages)
      this.#setState("bot")
    })
  }

  async #newSession() {
    try {
      return await this.#client.startSession(this.language(), this.item())
    } catch (error) {
      const unknownItem = this.item() && error instanceof Refused && [400, 404, 422].includes(error.status)
      if (!unknownItem) throw error
      return this.#client.startSession(this.language(), null) // a page may name an item that was retired
    }
  }

  #alone(work) {
    return navigator.locks ? navigator.locks.request(`bangban-session:${HOME.href}`, work) : work()
  }

  /** The server no longer knows the session: the visitor's words go into a new one. */
  async #renew(error) {
    if (++this.#renewals > FRESH_TOKEN) throw error
    this.#forgetSession()
    this.#transcript.keepOnlyUnsent()
    this.#tell("entries")
    this.#tell("notice", "renewed")
    await this.#ensureSession()
    this.#live.restart()
  }

  #forgetSession() {
    for (const name of ["session", "state", "ticket", "ended", "feedback"]) this.#keep.remove(name)
    this.ticket = null
    this.state = "bot"
  }

  #forget() {
    this.#live.stop()
    this.#outbox.clear()
    this.#forgetSession()
    this.#transcript.clear()
    this.phase = "idle"
    this.#tell("entries")
    this.#tell("state")
  }

  // ---- messages

  async #deliver(letter) {
    if (!this.session) await this.#ensureSession()
    let reply
    try {
      reply = await this.#client.send(this.session, letter)
    } catch (error) {
      if (!(error instanceof Refused && error.sessionGone)) throw error
      await this.#renew(error)
      reply = await this.#client.send(this.session, letter)
    }
    this.#renewals = 0
    this.#reached()
    this.#setTyping(false)
    this.#mark(letter, "sent")
    this.#receive(reply.messages)
    this.#setState(reply.state)
    this.#ring()
  }

  #receive(messages) {
    this.#transcript.receive(messages)
    if (messages?.some((message) => message.sender !== "visitor")) this.#setTyping(false)
    this.#tell("entries")
  }

  #show(letter) {
    this.#transcript.show(letter)
    this.#tell("entries")
  }

  #mark(letter, delivery, detail) {
    this.#transcript.mark(letter, delivery, detail)
    this.#tell("entries")
  }

  #waiting(letter, error) {
    this.#mark(letter, "queued", error instanceof Refused ? error.detail : "")
    this.#setTyping(false)
    if (error instanceof Unreachable) this.#unreached()
    else this.#tell("notice", error.status === 429 ? "busy" : "serverTrouble")
  }

  #refused(letter, error) {
    if (error.status === 422 && letter.payload === undefined) {
      this.#transcript.drop(this.#transcript.entryOf(letter))
      this.#tell("returned", { text: letter.text, detail: error.detail })
    } else {
      this.#mark(letter, "refused", error.detail)
    }
    this.#tell("entries")
  }

  // ---- live

  #opening() {
    const session = this.session
    if (!session) return null
    const after = this.#transcript.lastId
    const resumed = after ? { after, ...(this.#epoch ? { epoch: this.#epoch } : {}) } : {}
    return { url: this.#client.eventsUrl(session), hello: { token: session.token, ...resumed } }
  }

  #heard(frame) {
    if (frame?.type === "typing") return this.#setTyping(true, frame.sender === "agent" ? PERSON_TYPING_MS : TYPING_MS)
    if (frame?.type === "queue") return this.#setTicket(frame)
    if (frame?.type === "notice") return this.#setNotice(frame.notice)
    if (frame?.type === "state") return this.#setEpoch(frame), this.#setTicket(frame), this.#setState(frame.state)
    const message = frame?.id ? frame : frame?.message
    if (message?.id) this.#receive([message])
  }

  /** The first frame says which database speaks; another one knows other messages, so that all is read anew. */
  #setEpoch({ epoch, notice }) {
    if (!epoch) return
    this.#setNotice(notice ?? null)
    const other = this.#epoch && this.#epoch !== epoch
    this.#epoch = epoch
    if (!other) return
    this.#transcript.keepOnlyUnsent()
    this.pull()
  }

  #setNotice(notice) {
    if (JSON.stringify(notice) === JSON.stringify(this.notice)) return
    this.notice = notice
    this.#tell("state")
  }

  #readQueuePlace() {
    this.#client.queuePlace(this.session).then((place) => this.#setTicket(place), () => {}) // the live line tells it again
  }

  async #catchUp() {
    try {
      const { messages, state } = await this.#client.messages(this.session, this.#transcript.lastId)
      this.#receive(messages)
      this.#setState(state)
      this.#reached()
    } catch (error) {
      if (error instanceof Unreachable) return this.#unreached()
      if (error.sessionGone && this.session) await this.#renew(error).catch(() => {})
    }
  }

  #otherTab(name, value) {
    if (this.phase === "idle") return name === "state" && this.#tell("state")
    if (name === "session" && value === null) {
      this.#transcript.clear()
      this.#live.stop()
      this.phase = "erased"
      this.#tell("entries")
      this.#tell("state")
    } else if (name === "session") {
      this.#transcript.keepOnlyUnsent()
      this.phase = "idle"
      this.start()
    } else if (name === "outbox") {
      for (const letter of this.#outbox.letters) this.#show(letter)
    } else if (name === "rung") {
      this.pull()
    } else if (name === "ended" && value !== null) {
      this.phase = "ended"
      this.#live.stop()
      this.#tell("state")
    }
  }

  /** Lets the other tabs know that something was said. */
  #ring() {
    this.#keep.set("rung", Date.now())
  }

  #setState(state) {
    if (!state || state === this.state) return
    this.state = state
    this.#keep.set("state", state)
    if (state !== "queued" && this.ticket?.position) this.#setTicket({ position: null, expected_wait_s: null })
    if (state === "human") this.#setTicket(null)
    if (state === "closed" && this.phase === "open") this.end()
    this.#tell("state")
  }

  #setTicket(told) {
    if (told === null) {
      this.ticket = null
    } else {
      const number = told.ticket_number ?? told.number ?? told.ticket?.number ?? this.ticket?.number
      const { position = this.ticket?.position, expected_wait_s = this.ticket?.expected_wait_s } = told
      if (!number && !position) return
      this.ticket = { number, position, expected_wait_s }
    }
    this.#keep.set("ticket", this.ticket)
    this.#tell("state")
  }

  #restoreTicket() {
    this.ticket = this.#keep.get("ticket")
    this.state = this.#keep.get("state", "bot")
  }

  #setTyping(typing, fadesMs = TYPING_MS) {
    clearTimeout(this.#typingTimer)
    if (typing) this.#typingTimer = setTimeout(() => this.#setTyping(false), fadesMs)
    if (this.typing === typing) return
    this.typing = typing
    this.#tell("typing")
  }

  #reached() {
    if (this.online) return
    this.online = true
    this.#tell("connection")
  }

  #unreached() {
    if (!this.online) return
    this.online = false
    this.#tell("connection")
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}
