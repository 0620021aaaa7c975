// One helper's station: who is signed in, who waits, which conversations are theirs, and the connection to the desk.

import { HOME, Refused, Unreachable } from "../static/api-client.js"
import { newId } from "../static/build.js"
import { Keep } from "../static/keep.js"
import { Live } from "../static/live.js"
import { Outbox } from "../static/outbox.js"
import { gradeOf, msToNextGrade, secondsSince } from "./clock.js"
import { DeskClient } from "./desk-client.js"
import { Preferences } from "./preferences.js"
import { suggestionOf, Talk, ticketOf } from "./talk.js"

const BEAT_MS = 10_000 // 26 s without a sign of life count as gone
const TYPING_MS = 3000
const CLOSED = ["resolved"]
const LEAVES = ["transferred", "returned", "resolved", "requeued", "abandoned", "unstaffed"] // how a ticket can leave its helper

/**
 * Tells, as events: "changed" (draw anew), "connection", "ticket-came" {ticket, offered}, "message-came" {ticket},
 * "answer-held" {held}, "wait-grew" {ticket, grade}, "notice" {key, values, warn} to show once, and "signed-out".
 */
export class Station extends EventTarget {
  preferences = new Preferences()
  user = null
  presence = "offline"
  online = navigator.onLine !== false
  house = { notice: null, everyoneToPeople: false, approvalItems: [], isOpen: true }
  approvals = []
  cannedReplies = []
  items = []
  facets = {}
  selected = null

  #client = new DeskClient()
  #keep = null
  #outbox = null
  #live = null
  #tickets = new Map() // id → ticket, of all that wait or are mine
  #talks = new Map() // id → Talk, of all that were looked at
  #loading = new Map() // id → promise of a Talk
  #heldId = null
  #after = null // {epoch, after}: what was heard last
  #grades = new Map()
  #watch = null // the timer for the next wait that grows
  #beating = null // the timer for the next sign of life
  #beaten = 0
  #ends = []
  #toldTyping = -Infinity
  #touched = new Map() // id → when a ticket was last told, so that an older list does not undo it

  // ---- starting and ending

  /** Signs in with the cookie and brings everything up; without a valid one tells "signed-out". */
  async start() {
    try {
      this.user = await this.#client.me()
    } catch (failure) {
      if (failure instanceof Refused && failure.status === 401) return this.#tell("signed-out")
      this.#unreached()
      this.#ends.push(cancel(setTimeout(() => this.start(), 3000)))
      return
    }
    this.#keep = new Keep(`bangban-desk:${this.user.username}:`)
    this.#outbox = new Outbox(this.#keep, `bangban-desk-outbox:${HOME.href}`, (letter) => this.#deliver(letter), {
      sending: (letter) => this.#mark(letter, "sending"),
      waiting: (letter, failure) => (this.#mark(letter, "queued"), failure instanceof Unreachable && this.#unreached()),
      refused: (letter, failure) => this.#mark(letter, "refused", failure.detail),
    })
    this.#live = new Live({
      opening: () => ({ url: this.#client.eventsUrl, hello: this.#after ?? {} }),
      heard: (frame) => this.#heard(frame),
      connected: () => {},
      lost: () => this.#unreached(),
      poll: () => this.#poll(),
    }, { whileHidden: true })
    for (const type of ["online", "offline", "focus"]) window.addEventListener(type, this)
    document.addEventListener("visibilitychange", this)
    this.#beatInTime()
    this.#ends.push(() => clearTimeout(this.#beating), () => clearTimeout(this.#watch))
    this.#live.start() // its hello brings the lists; where it cannot come, asking at intervals does
    this.#outbox.flush()
  }

  stop() {
    this.#live?.stop()
    this.#outbox?.rest()
    for (const type of ["online", "offline", "focus"]) window.removeEventListener(type, this)
    document.removeEventListener("visibilitychange", this)
    for (const end of this.#ends.splice(0)) end()
  }

  handleEvent({ type }) {
    if (type === "offline") return this.#live.stop(), this.#unreached()
    if (type === "online") return this.#live.start(), this.#outbox.flush()
    if (!document.hidden) this.#tellRead()
  }

  /**
   * Off duty first: what is in hand waits again at once, and nothing more is offered here. Rejects while something is not
   * sent yet: it would be lost on a machine that others use.
   */
  async signOut() {
    if (this.unsent) throw Object.assign(new Error("unsent"), { detail: null, key: "signOutUnsent" })
    try {
      if (this.may("handle_tickets")) await this.#client.presence("offline")
      await this.#client.logout()
    } catch (failure) {
      if (failure.status !== 401) throw failure // a login that has ended is what was wanted
    }
    for (const talk of this.#talks.values()) talk.forgetDrafts()
    this.stop()
    this.#tell("signed-out", { leave: this.#client.partingUrl })
  }

  // ---- what the page shows

  /** Visitors who wait here now, in the order in which they were told to wait. */
  get queue() {
    return this.#ticketsWhere(({ state, live }) => state === "queued" && live)
  }

  /** Tickets that were left behind: a call-back, or a visitor who was told that nobody is on duty. */
  get later() {
    const dueOf = ({ callback }) => callback?.due ?? "9999" // call-backs first, the earliest on top: that is, overdue ones
    return this.#ticketsWhere(({ state, live }) => state === "queued" && !live).sort((one, other) => dueOf(one).localeCompare(dueOf(other)))
  }

  get mine() {
    return this.#ticketsWhere(({ isMine }) => isMine)
  }

  get talk() {
    return this.#talks.get(this.selected) ?? null
  }

  talkOf(id) {
    return this.#talks.get(id) ?? null
  }

  get held() {
    return this.approvals.find(({ id }) => id === this.#heldId) ?? null
  }

  get unread() {
    return this.mine.filter(({ unread }) => unread).length
  }

  /** How much waits for this helper: visitors, new words in their conversations, answers to approve. */
  get calling() {
    return this.queue.length + this.unread + this.approvals.length
  }

  get unsent() {
    return this.#outbox?.letters.length ?? 0
  }

  /** Whether the helper's role includes a permission. The server decides; this only spares buttons that it would refuse. */
  may(permission) {
    return this.user?.permissions.includes(permission) ?? false
  }

  // ---- what the helper does. Each rejects with Unreachable or Refused where the server did not take it.

  async select(id) {
    this.#heldId = null
    this.selected = id
    if (id && !this.#talks.get(id)?.loaded) await this.#load(id).catch((failure) => this.#failed(failure))
    this.#tellRead()
    this.#changed()
  }

  hold(id) {
    this.#heldId = id
    this.#changed()
  }

  async accept(id) {
    try {
      const wire = await this.#client.accept(id)
      this.#heldId = null
      this.selected = id
      this.#touched.set(id, performance.now())
      this.#tickets.set(id, ticketOf(wire, this.user.username))
      return await this.#load(id)
    } catch (failure) {
      if (failure.status === 409) {
        const holder = failure.problem.holder
        await this.#refresh().catch(() => {})
        this.notice(holder ? "takenBy" : "takenOver", { helper: holder }, { warn: true })
        return null
      }
      throw failure
    }
  }

  /** A reply or a note of the selected conversation: shown at once, kept until the server has it. */
  write({ text, kind, entryId }) {
    const { id, ticket } = this.talk
    const sender = kind === "note" ? "note" : "agent"
    const letter = { client_id: newId(), ticket_id: id, kind, sender, language: ticket.language, text, title: text, at: this.#serverNow() }
    if (entryId && kind === "reply") letter.entry_id = entryId
    this.talk.keepDraft(kind, {})
    this.#mark(letter, "queued")
    this.#outbox.add(letter)
  }

  /** Sends a refused entry once more, as a new letter. */
  repeat(key) {
    const entry = this.talk.entries.find((each) => each.key === key)
    this.talk.drop(entry)
    this.write({ text: entry.text, kind: entry.sender === "note" ? "note" : "reply" })
  }

  tellTyping() {
    if (!this.talk?.isMine || performance.now() - this.#toldTyping < TYPING_MS) return
    this.#toldTyping = performance.now()
    this.#client.typing(this.talk.id).catch(() => {}) // a sign that may be lost
  }

  async setPresence(state) {
    const before = this.presence
    this.presence = state // at once: a switch that jumps back while the server thinks is not believed
    this.#changed()
    try {
      this.presence = (await this.#client.presence(state)).state
      this.#reached()
    } catch (failure) {
      this.presence = before
      throw failure
    } finally {
      this.#changed()
    }
  }

  async transfer(id, to, note) {
    this.#take(await this.#client.transfer(id, to, note))
  }

  async giveBack(id) {
    this.#take(await this.#client.giveBack(id))
  }

  async resolve(id, outcome) {
    this.#take(await this.#client.resolve(id, outcome))
  }

  /** Says how the call-back of a ticket went; `wish` as the client wants it. */
  async closeCallBack({ id, callback }, wish) {
    await this.#client.closeCallBack(callback.follow_up_id, wish)
    this.notice(wish.again_on ? "callBackPutOff" : "callBackClosed")
    await this.#load(id)
  }

  /** Proposes a reply for the knowledge base; resolves to the Promotion with its warnings. */
  promote(id, promotion) {
    return this.#client.promote(id, promotion)
  }

  async decide(held, decision, text) {
    await this.#client.decide(held.id, decision, text).catch((failure) => {
      if (failure.status !== 409) throw failure
      this.notice("alreadyDecided", {}, { warn: true })
    })
    this.#dropHeld(held.id)
  }

  async findAnswers(talk, words) {
    const { suggestions } = await this.#client.suggestions(words, talk.ticket.language, talk.id)
    return suggestions.map(suggestionOf)
  }

  async searchTickets(words) {
    return (await this.#client.search(words)).tickets
  }

  colleagues() {
    return this.#client.colleagues()
  }

  async setHouse({ notice, everyoneToPeople, approvalItems }) {
    await this.#client.setNotice(notice)
    this.#readHouse(await this.#client.setMode({ everyone_to_people: everyoneToPeople, approval_items: approvalItems }))
    this.notice("saved")
  }

  /** Every canned reply, the retired ones too, and the variables that one may show: {canned, variables}. */
  cannedToKeep() {
    return this.#client.canned({ retired: true })
  }

  /** Writes a canned reply; without an id a new one. */
  async putCanned(id, wish) {
    await this.#client.putCanned(id ?? newId(), wish)
    this.notice("saved")
  }

  async retireCanned(id) {
    await this.#client.removeCanned(id)
    this.notice("cannedIsRetired")
  }

  /** Shows something once, and tells it to a screen reader. */
  notice(key, values = {}, { warn = false } = {}) {
    this.#tell("notice", { key, values, warn })
  }

  // ---- what the desk tells

  /**
   * A browser runs the timers of a hidden tab once a minute where one sets the next, and a helper who reads in another
   * window would count as gone. What the desk tells (a heartbeat at least every 20 s) is not put off, nor a timer set then.
   */
  #heard(frame) {
    this.#reached()
    this.#beatInTime()
    this.#watchWaits()
    if (frame.type === "hello") return this.#hello(frame)
    if (frame.type === "typing") return this.#talks.get(frame.ticket_id)?.setTyping(true)
    if (frame.type === "visitor") return this.#visitorCame(frame)
    if (frame.type !== "event" || frame.sequence <= (this.#after?.after ?? -1)) return
    this.#after = { ...this.#after, after: frame.sequence }
    if (frame.ticket) this.#take(frame.ticket, frame)
    if (frame.message) this.#receive(frame.ticket_id, frame.message)
    Station.#events[frame.kind]?.call(this, frame)
    this.#changed()
  }

  #hello({ epoch, sequence, presence, house }) {
    const known = this.#after?.epoch === epoch
    this.#after = { epoch, after: known ? this.#after.after : sequence }
    this.presence = presence
    this.#readHouse(house)
    if (!known) this.#refresh().catch((failure) => this.#failed(failure))
    this.#outbox.flush()
    this.#changed()
  }

  /** By kind of event: what there is to do besides taking over the ticket and the message. */
  static #events = {
    held({ held }) { if (held) this.#keepHeld(heldOf(held)) },
    decided({ held, detail }) { this.#dropHeld(held?.id ?? detail.id) },
    suggested({ ticket_id: id }) { if (this.#talks.get(id)?.isMine) this.#load(id).catch(() => {}) },
    noted({ ticket_id: id }) { if (this.#talks.get(id)?.loaded) this.#load(id).catch(() => {}) },
    callback_requested({ ticket_id: id }) { if (this.#talks.get(id)?.isMine) this.#load(id).catch(() => {}) },
    presence_changed({ helper, detail }) { if (helper === this.user.username) this.presence = detail.state },
    notice_changed() { this.#readHouseAnew() },
    mode_changed() { this.#readHouseAnew() },
    canned_changed() { this.#readCanned().catch(() => {}) },
  }

  #visitorCame({ ticket_id: id, online }) {
    const ticket = this.#tickets.get(id)
    if (ticket) ticket.visitorOnline = online
    this.#changed()
  }

  /** A ticket as it stands now; `frame` is the event that told it, if one did. */
  #take(wire, frame = null) {
    const before = this.#tickets.get(wire.id)
    const ticket = ticketOf(wire, this.user.username)
    if (frame && before?.isMine && !ticket.isMine && !LEAVES.includes(frame.kind)) return // told before it was accepted
    this.#touched.set(wire.id, performance.now())
    const gone = CLOSED.includes(ticket.state) || (ticket.state === "active" && !ticket.isMine)
    if (gone) this.#tickets.delete(wire.id)
    else this.#tickets.set(wire.id, ticket)
    const talk = this.#talks.get(wire.id)
    if (talk) {
      const becameMine = ticket.isMine && !talk.isMine
      if (ticket.callback && (ticket.isMine || ticket.callBackIsOpen)) ticket.callback.contact ??= talk.ticket.callback?.contact // events never carry it
      talk.ticket = ticket
      if (becameMine && talk.loaded) this.#load(wire.id).catch(() => {})
      if (before?.isMine && !ticket.isMine) talk.forgetDrafts()
    }
    if (ticket.isMine && !talk) this.#load(wire.id).catch(() => {})
    const came = ticket.state === "queued" && ticket.live && (!before || (ticket.offered && !before.offered))
    if (frame && came) this.#tell("ticket-came", { ticket, offered: ticket.offered })
    if (frame?.kind === "requeued" && before?.isMine && frame.detail.vanished) this.notice("ticketTakenBack", { number: ticket.shortNumber }, { warn: true })
    this.#changed()
  }

  #receive(id, message) {
    const talk = this.#talks.get(id)
    if (!talk) return
    talk.receive(message)
    if (message.sender !== "visitor") return
    const looked = this.selected === id && !document.hidden && document.hasFocus()
    if (looked) this.#tellRead()
    this.#tell("message-came", { ticket: talk.ticket })
    if (talk.isMine) this.#suggestFor(talk)
  }

  async #suggestFor(talk) {
    const words = talk.lastVisitorText
    try {
      const { suggestions } = await this.#client.suggestions(words, talk.ticket.language, talk.id)
      if (talk.lastVisitorText !== words) return // a later message has its own
      talk.suggestions = [...talk.suggestions.filter(({ late }) => late), ...suggestions.map(suggestionOf)]
      this.#changed()
    } catch {
      // the old suggestions are still answers; the helper can search
    }
  }

  // ---- reading it all anew

  async #refresh() {
    const began = performance.now()
    const untouched = (id) => !(this.#touched.get(id) > began)
    const [waiting, mine, house, approvals] = await Promise.all([
      this.#client.tickets("queued"), this.#client.tickets("active", { mine: true }), this.#client.house(), this.#client.approvals(), this.#readCanned(), this.readItems(),
    ])
    this.#reached()
    const now = [...waiting.tickets, ...mine.tickets]
    const ids = new Set(now.map(({ id }) => id))
    for (const id of this.#tickets.keys()) if (!ids.has(id) && untouched(id)) this.#tickets.delete(id)
    for (const wire of now) if (untouched(wire.id)) this.#take(wire)
    this.#readHouse(house)
    this.approvals = approvals.approvals.map(heldOf)
    await Promise.all([...this.#talks.values()].filter((talk) => talk.isMine || talk.id === this.selected).map((talk) => this.#load(talk.id)))
    this.#changed()
  }

  /** The conversation of a ticket with everything that belongs to it. Asked for twice at a time, it is read once. */
  #load(id) {
    if (!this.#loading.has(id)) this.#loading.set(id, this.#read(id).finally(() => this.#loading.delete(id)))
    return this.#loading.get(id)
  }

  async #read(id) {
    const wire = await this.#client.ticket(id)
    const ticket = ticketOf(wire, this.user.username)
    const talk = this.#talks.get(id) ?? new Talk(ticket, { age: (at) => this.#age(at), drafts: this.#keep, changed: () => this.#changed() })
    this.#talks.set(id, talk)
    talk.load(wire, ticket)
    if (this.#tickets.has(id)) this.#tickets.set(id, ticket)
    for (const letter of this.#outbox.letters) if (letter.ticket_id === id) talk.mark(letter, "queued")
    if (this.selected === id) this.#tellRead()
    this.#changed()
    return talk
  }

  async #readCanned() {
    this.cannedReplies = (await this.#client.canned()).canned
  }

  /** The items that the base knows, and its facets; read once. */
  async readItems() {
    if (this.items.length) return
    this.facets = await this.#client.facets()
    this.items = (await this.#client.items()).items
  }

  #readHouse({ notice, everyone_to_people: everyoneToPeople, approval_items: approvalItems, is_open: isOpen }) {
    this.house = { notice, everyoneToPeople, approvalItems, isOpen }
  }

  #readHouseAnew() {
    this.#client.house().then((house) => (this.#readHouse(house), this.#changed()), () => {})
  }

  #keepHeld(held) {
    if (this.approvals.some(({ id }) => id === held.id)) return
    this.approvals = [...this.approvals, held]
    this.#tell("answer-held", { held })
  }

  #dropHeld(id) {
    this.approvals = this.approvals.filter((held) => held.id !== id)
    if (this.#heldId === id) this.#heldId = this.approvals[0]?.id ?? null
    this.#changed()
  }

  /** While the socket is down: the lists by asking, and the sign of life that it would have carried. */
  async #poll() {
    try {
      await this.#refresh()
      if (this.presence !== "offline") await this.#client.presence(this.presence)
      this.#outbox.flush()
    } catch (failure) {
      this.#failed(failure)
    }
  }

  // ---- sending

  async #deliver(letter) {
    const send = letter.kind === "note" ? this.#client.note : this.#client.reply
    const told = await send.call(this.#client, letter.ticket_id, letter)
    this.#reached()
    const talk = this.#talks.get(letter.ticket_id)
    this.#mark(letter, "sent")
    if (letter.kind === "note") talk?.note(told)
    else talk?.receive(told)
    this.#changed()
  }

  #mark(letter, delivery, detail) {
    this.#talks.get(letter.ticket_id)?.mark(letter, delivery, detail)
    this.#changed()
  }

  #tellRead() {
    const talk = this.talk
    if (!talk?.isMine || document.hidden || !talk.ticket.unread) return
    talk.ticket.unread = 0
    this.#client.read(talk.id, talk.lastSequence).catch(() => {}) // unread again with the next list, and then told again
  }

  // ---- waiting, connection, telling

  /** Sets the next sign of life for BEAT_MS after the last. */
  #beatInTime() {
    clearTimeout(this.#beating)
    this.#beating = setTimeout(() => {
      this.#beaten = performance.now()
      this.#live.send({ type: "beat" })
      this.#beatInTime()
    }, Math.max(0, this.#beaten + BEAT_MS - performance.now()))
  }

  /** Tells which waits have grown, and looks again when the next one does. */
  #watchWaits() {
    const queue = this.queue
    for (const ticket of queue) {
      const grade = gradeOf(secondsSince(ticket.waitingSince))
      const before = this.#grades.get(ticket.id)
      this.#grades.set(ticket.id, grade)
      if (before && before !== grade && grade !== "calm") this.#tell("wait-grew", { ticket, grade })
    }
    for (const id of this.#grades.keys()) if (this.#tickets.get(id)?.state !== "queued") this.#grades.delete(id)
    clearTimeout(this.#watch)
    const next = Math.min(...queue.map(({ waitingSince }) => msToNextGrade(waitingSince)))
    if (Number.isFinite(next)) this.#watch = setTimeout(() => this.#watchWaits(), next)
  }

  #ticketsWhere(fits) {
    return [...this.#tickets.values()].filter(fits).sort((one, other) => one.place - other.place)
  }

  #serverNow() {
    return new Date(Date.now() + this.#client.clockOffsetMs).toISOString()
  }

  #age(at) {
    return Math.max(0, (Date.now() + this.#client.clockOffsetMs - Date.parse(at)) / 1000)
  }

  #failed(failure) {
    if (failure instanceof Unreachable) return this.#unreached()
    if (failure.status === 401) return this.#tell("signed-out")
    this.#tell("notice", { words: failure.detail, warn: true })
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

  #changed() {
    this.#watchWaits()
    this.#tell("changed")
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}

/** A held answer of the wire for the page. */
function heldOf({ id, language, question, text, title, answer, waiting_s: waitingS }) {
  return { id, language, question, text, title, answer, waitingSince: performance.now() - (waitingS ?? 0) * 1000 }
}

function cancel(timer) {
  return () => clearInterval(timer)
}
