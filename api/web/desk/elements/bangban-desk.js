// The desk: one helper's page. Builds its parts, gives each the station's news, and does what they and the keys ask for.

import { make, write } from "../../static/build.js"
import { tagOf } from "../../static/texts.js"
import { Alerts } from "../alerts.js"
import { DeskElement } from "../desk-element.js"
import * as dialogs from "../dialogs.js"
import { keepCanned } from "../keep-canned.js"
import { followKeys } from "../keys.js"
import { Station } from "../station.js"

const ASKED = [
  "click", "presence-wanted", "retry-wanted", "repeat-wanted", "reply-written", "draft-changed", "helper-typing", "canned-wanted",
  "answer-wanted", "view-wanted",
]
const TOLD = ["changed", "connection", "ticket-came", "message-came", "answer-held", "wait-grew", "notice", "signed-out"]
const VIEWS = ["lists", "talk", "answers"] // one at a time on a narrow screen
const ONE_COLUMN = "(max-width: 640px)" // as in desk.css

export class BangbanDesk extends DeskElement {
  #station = new Station()
  #alerts = new Alerts(this.#station.preferences)
  #unfollow = null
  #drawing = false

  async connectedCallback() {
    this.#build()
    for (const type of ASKED) this.addEventListener(type, this)
    for (const type of TOLD) this.#station.addEventListener(type, this)
    this.#unfollow = followKeys(this, {
      single: () => this.#station.preferences.get("singleKeys"),
      perform: (name, detail) => this.#perform(name, detail),
    })
    await this.#station.start()
    if (location.hash) this.#station.select(decodeURIComponent(location.hash.slice(1)))
  }

  disconnectedCallback() {
    for (const type of ASKED) this.removeEventListener(type, this)
    for (const type of TOLD) this.#station.removeEventListener(type, this)
    this.#unfollow?.()
    this.#station.stop()
  }

  handleEvent(event) {
    BangbanDesk.#heard[event.type]?.call(this, event)
  }

  // ---- showing

  /** Many pieces of news in one moment are one drawing. A hidden tab draws nothing, but its title is seen. */
  #draw() {
    const { calling } = this.#station
    const title = `${calling ? `(${calling}) ` : ""}${this.say("deskName")}`
    if (document.title !== title) document.title = title
    if (this.#drawing) return
    this.#drawing = true
    requestAnimationFrame(() => {
      this.#drawing = false
      const station = this.#station
      this.bar.update(station)
      this.lists.update(station)
      this.held.update(station.held)
      this.talk.hidden = Boolean(station.held)
      this.talk.update(station)
      this.answers.update(station.held ? null : station.talk)
      const unread = station.unread
      for (const [name, count] of [["lists", station.queue.length], ["talk", unread]]) write(this.querySelector(`[data-view=${name}] .count`), count ? String(count) : "")
    })
  }

  #view(name) {
    this.dataset.shown = name
    for (const button of this.views.children) button.setAttribute("aria-pressed", String(button.dataset.view === name))
  }

  /** Says something to a screen reader, and shows it for some seconds where asked. */
  #announce(words, { show = false, warn = false } = {}) {
    this.announcer.textContent = ""
    requestAnimationFrame(() => write(this.announcer, words))
    if (!show) return
    write(this.toast, words)
    this.toast.dataset.warn = String(warn)
    this.toast.hidden = false
    clearTimeout(this.toastTimer)
    this.toastTimer = setTimeout(() => (this.toast.hidden = true), 6000)
  }

  /** Calls the helper to something: in words for a screen reader, with tone and notification where they were chosen. */
  #call(kind, words, { tag, onclick, aloud = true }) {
    if (aloud) this.#announce(words)
    this.#alerts.call(kind, words, { tag, onclick })
  }

  #callTo({ id, shortNumber }, kind, key, { aloud } = {}) {
    this.#call(kind, this.say(key, { number: shortNumber }), { tag: id, onclick: () => this.#select(id), aloud })
  }

  #build() {
    const language = this.#station.preferences.language
    this.lang = tagOf(language)
    document.documentElement.lang = tagOf(language)
    this.bar = document.createElement("desk-bar")
    this.lists = document.createElement("ticket-lists")
    this.held = document.createElement("held-answer")
    this.held.hidden = true
    this.talk = document.createElement("ticket-talk")
    this.answers = document.createElement("answer-panel")
    const button = (view) => make("button", { type: "button", class: "button bare", "data-view": view }, this.say(`view_${view}`), " ", make("span", { class: "count number" }))
    this.views = make("nav", { class: "views", "aria-label": this.say("views") }, ...VIEWS.map(button))
    const column = (name, ...nodes) => make("section", { class: `column ${name}`, "aria-label": this.say(`view_${name}`) }, ...nodes)
    const columns = make("main", { class: "columns" }, column("lists", this.lists), column("talk", this.held, this.talk), column("answers", this.answers))
    this.announcer = make("p", { class: "off-screen", role: "status", "aria-live": "polite" })
    this.toast = make("p", { class: "toast", hidden: true })
    const head = make("header", { class: "bar" }, this.bar)
    this.replaceChildren(head, this.views, columns, this.announcer, this.toast)
    this.#view(this.dataset.shown ?? (matchMedia(ONE_COLUMN).matches ? "lists" : "talk"))
  }

  // ---- doing

  /** Does an act; false where it is not possible now. */
  #perform(name, detail = {}) {
    const act = BangbanDesk.#acts[name]
    const possible = act ? act.call(this, detail) : false
    return possible !== false
  }

  /** Runs a call of the station and says what went wrong, if it did. */
  async #try(call) {
    try {
      return await call()
    } catch (failure) {
      this.#announce(failure.detail || this.say("noConnection"), { show: true, warn: true })
      return null
    }
  }

  async #accept(id) {
    const accepted = await this.#try(() => this.#station.accept(id))
    if (!accepted) return
    this.#show(id)
    requestAnimationFrame(() => this.talk.composer.write("reply", { takeFocus: true }))
  }

  #select(id) {
    this.#station.select(id)
    this.#show(id)
  }

  /** Brings the conversation to the front; the address keeps it over a reload. */
  #show(id) {
    history.replaceState(null, "", id ? `#${encodeURIComponent(id)}` : location.pathname)
    this.#view("talk")
    this.#draw()
  }

  #hold(id) {
    this.#station.hold(id)
    this.#view("talk")
  }

  #step(by) {
    const all = [...this.#station.queue, ...this.#station.mine, ...this.#station.later] // as they stand on the screen
    if (!all.length) return false
    const at = all.findIndex(({ id }) => id === this.#station.selected)
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length
    this.#select(all[next].id)
  }

  #mineOnly(work) {
    return this.#station.talk?.isMine ? work(this.#station.talk) : false
  }

  #heldOnly(work) {
    return this.#station.held ? work(this.#station.held) : false
  }

  #insert(suggestion) {
    if (!suggestion) return false
    this.talk.composer.insert(suggestion.text, suggestion.entryId)
    this.#view("talk")
  }

  /** By name, as in acts.js. */
  static #acts = {
    accept() {
      const { talk, queue } = this.#station
      const id = talk?.ticket.state === "queued" ? talk.id : queue.find(({ offered }) => offered)?.id ?? queue[0]?.id
      return id ? void this.#accept(id) : false
    },
    acceptThis() { this.#accept(this.#station.selected) },
    presence() { this.#try(() => this.#station.setPresence(this.#station.presence === "online" ? "away" : "online")) },
    nextTicket() { return this.#step(1) },
    previousTicket() { return this.#step(-1) },
    nextUnread() {
      const next = this.#station.mine.find(({ unread, id }) => unread && id !== this.#station.selected)
      return next ? void this.#select(next.id) : false
    },
    writeReply() { return this.#mineOnly(() => this.talk.composer.write("reply", { takeFocus: true })) },
    writeNote() { return this.#mineOnly(() => this.talk.composer.write("note", { takeFocus: true })) },
    canned() { return this.#mineOnly((talk) => void dialogs.canned(this, this.#station, talk, (text) => this.talk.composer.insert(text))) },
    transfer() { return this.#mineOnly((talk) => void dialogs.transfer(this, this.#station, talk)) },
    giveBack() { return this.#mineOnly((talk) => void dialogs.giveBack(this, this.#station, talk)) },
    resolve() { return this.#mineOnly((talk) => void dialogs.resolve(this, this.#station, talk)) },
    callBack() {
      const { talk } = this.#station
      return talk?.ticket.callBackIsOpen ? void dialogs.callBack(this, this.#station, talk) : false
    },
    findAnswer() { return this.#mineOnly((talk) => void dialogs.findAnswer(this, this.#station, talk, (found) => this.#insert(found))) },
    insertSuggestion({ number }) { return this.#mineOnly((talk) => this.#insert(talk.suggestions[number - 1])) },
    approve() { return this.#heldOnly((held) => void this.#try(() => this.#station.decide(held, "approve"))) },
    editAnswer() { return this.#heldOnly((held) => void dialogs.editHeld(this, this.#station, held)) },
    rejectAnswer() { return this.#heldOnly((held) => void dialogs.rejectHeld(this, this.#station, held)) },
    nextHeld() {
      const { approvals, held } = this.#station
      const next = approvals[(approvals.indexOf(held) + 1) % approvals.length]
      return next ? void this.#hold(next.id) : false
    },
    pastTickets() { dialogs.pastTickets(this, this.#station, (id) => this.#select(id)) },
    keepCanned() { return this.#station.may("see_supervision") ? void this.#try(() => keepCanned(this, this.#station)) : false },
    house() { return this.#station.may("see_supervision") ? void this.#try(() => dialogs.house(this, this.#station)) : false },
    // In a window of its own: whoever left the desk would lose their conversations.
    supervision() { return this.#station.may("follow_up") ? void window.open("/desk/supervision", "bangban-supervision") : false },
    hotline() { return this.#station.may("use_hotline") ? void window.open("/desk/hotline", "bangban-hotline") : false },
    settings() { dialogs.settings(this, this.#station, this.#alerts, () => this.#perform("otherLanguage")) },
    otherLanguage() {
      this.#station.preferences.language = this.language === "en" ? "zh" : "en"
      this.#build()
      this.#draw()
    },
    keys() { dialogs.keys(this) },
  }

  /** By event type: what the parts ask for, then what the station tells. */
  static #heard = {
    click({ target }) {
      const button = target.closest("button")
      if (!button) return
      const { act, ticket, approval, view } = button.dataset
      if (act) this.#perform(act)
      else if (approval) this.#hold(approval)
      else if (ticket) this.#select(ticket)
      else if (view) this.#view(view)
    },
    "presence-wanted"({ detail }) {
      if (detail.state !== "offline" || !this.#station.mine.length) return void this.#try(() => this.#station.setPresence(detail.state))
      dialogs.goOffDuty(this, this.#station)
      this.#draw() // until the helper has said yes, the switch stands where it stood
    },
    "repeat-wanted"({ detail }) { this.#station.repeat(detail.key) },
    "reply-written"({ detail }) { this.#station.write(detail) },
    "draft-changed"({ detail }) { this.#station.talk?.keepDraft(detail.kind, detail) },
    "helper-typing"() { this.#station.tellTyping() },
    "canned-wanted"() { this.#perform("canned") },
    "answer-wanted"({ detail }) { this.#insert(detail.suggestion) },
    // what the station tells
    changed() { this.#draw() },
    connection() {
      this.#announce(this.say(this.#station.online ? "connectedAgain" : "offline"))
      this.#draw()
    },
    "ticket-came"({ detail }) { this.#callTo(detail.ticket, "ticket", detail.offered ? "ticketOffered" : "ticketCame") },
    "message-came"({ detail }) { this.#callTo(detail.ticket, "message", "messageCame", { aloud: detail.ticket.id !== this.#station.selected }) },
    "answer-held"({ detail }) { this.#call("held", this.say("answerHeld"), { tag: detail.held.id, onclick: () => this.#hold(detail.held.id) }) },
    "wait-grew"({ detail }) { this.#callTo(detail.ticket, "late", `waited_${detail.grade}`) },
    notice({ detail }) { this.#announce(detail.words ?? this.say(detail.key, detail.values), { show: true, warn: detail.warn }) },
    "signed-out"({ detail }) { location.assign(detail?.leave ?? "/desk/login") },
  }
}
