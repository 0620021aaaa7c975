// The left column: who waits, longest first; what is mine; which answers wait for a yes. Rows keep their size whatever happens.

import { make, write } from "../../static/build.js"
import { actButton } from "../acts.js"
import { DeskElement } from "../desk-element.js"
import { timeOf } from "./desk-transcript.js"

/** `update(station)`. A row's button carries data-ticket or data-approval; what is chosen the shell hears by click. */
export class TicketLists extends DeskElement {
  #rows = new Map()

  connectedCallback() {
    if (!this.childElementCount) this.#build()
  }

  update(station) {
    const { queue, mine, later, approvals, selected, held } = station
    const writeTicket = (row, ticket) => this.#writeTicket(row, ticket, station.talkOf(ticket.id), !held && ticket.id === selected)
    this.#fill(this.queue, queue, "queue", writeTicket)
    this.#fill(this.mineList, mine, "mine", writeTicket)
    this.#fill(this.later, later, "later", writeTicket)
    this.#fill(this.approvals, approvals, "held", (row, each) => this.#writeHeld(row, each, each === held))
    const sections = [[this.queueSection, queue], [this.mineSection, mine], [this.laterSection, later], [this.approvalSection, approvals]]
    for (const [section, list] of sections) {
      write(section.querySelector(".count"), String(list.length))
      section.querySelector(".none").hidden = list.length > 0
    }
    this.laterSection.hidden = !later.length
    this.approvalSection.hidden = !approvals.length && !station.house.approvalItems.length
    this.accept.disabled = !queue.length
  }

  /** Brings `list` into the page: a known row is moved and rewritten, never built anew, so that focus stays where it is. */
  #fill(place, list, kind, writeRow) {
    const keyOf = ({ id }) => `${kind}:${id}`
    const known = new Set(list.map(keyOf))
    for (const [key, row] of this.#rows) if (row.parentNode === place && !known.has(key)) row.remove(), this.#rows.delete(key)
    list.forEach((each, index) => {
      const row = this.#rows.get(keyOf(each)) ?? this.#newRow(keyOf(each), each)
      writeRow(row, each)
      if (place.children[index] !== row) place.insertBefore(row, place.children[index] ?? null)
    })
  }

  #newRow(key, { id }) {
    const line = (name) => make("span", { class: name })
    const button = make(
      "button", { type: "button", class: "row", [key.startsWith("held:") ? "data-approval" : "data-ticket"]: id },
      make("span", { class: "row-clock" }, document.createElement("waiting-clock"), line("row-time number")),
      line("row-title"), line("row-line"), line("row-mark"),
    )
    const row = make("li", {}, button)
    this.#rows.set(key, row)
    return row
  }

  #writeTicket(row, ticket, talk, chosen) {
    const waits = ticket.state === "queued" && ticket.live ? ticket.waitingSince : talk?.unansweredSince ?? null
    const unread = talk?.unread ?? 0
    const lines = {
      clock: waits,
      time: waits === null ? timeOf(ticket.openedAt) : "",
      title: this.mine(ticket.item) || this.say(`reason_${ticket.reason}`),
      line: talk?.visitorTyping ? this.say("visitorTyping") : this.#lineOf(ticket, talk),
      mark: ticket.offered ? this.say("offered") : unread ? this.say("unread", { count: unread }) : this.#dueOf(ticket) || this.say(`visitor_${ticket.language}`),
    }
    this.#write(row, lines, { chosen, offered: ticket.offered, unread: unread > 0, overdue: ticket.callback?.overdue })
  }

  #lineOf(ticket, talk) {
    if (ticket.callback && (!ticket.visitorOnline || !ticket.isMine)) return this.say(`callback_${ticket.callback.kind}`)
    if (!ticket.visitorOnline) return this.say("visitorAway")
    return (ticket.isMine && talk?.lastText) || `${ticket.shortNumber} · ${this.say(`reason_${ticket.reason}`)}`
  }

  #dueOf({ callback }) {
    if (!callback?.due) return ""
    return this.say(callback.overdue ? "callBackOverdue" : "callBackDue", { day: this.day(callback.due) })
  }

  #writeHeld(row, held, chosen) {
    this.#write(row, { clock: held.waitingSince, time: "", title: this.mine(held.title), line: held.question, mark: this.say(`visitor_${held.language}`) }, { chosen })
  }

  #write(row, { clock, ...lines }, { chosen, offered = false, unread = false, overdue = false }) {
    const button = row.firstChild
    button.classList.toggle("offered", offered)
    button.classList.toggle("unread", unread)
    button.classList.toggle("overdue", overdue)
    if (chosen) button.setAttribute("aria-current", "true")
    else button.removeAttribute("aria-current")
    row.querySelector("waiting-clock").since = clock
    for (const [name, words] of Object.entries(lines)) write(row.querySelector(`.row-${name}`), words)
  }

  #build() {
    this.queue = make("ol", { class: "rows plain" })
    this.mineList = make("ol", { class: "rows plain" })
    this.later = make("ol", { class: "rows plain" })
    this.approvals = make("ol", { class: "rows plain" })
    this.accept = actButton(this.language, "accept", { look: "main", label: "acceptNext" })
    this.queueSection = this.#section("queue", this.queue, "queueNone", this.accept)
    this.mineSection = this.#section("mine", this.mineList, "mineNone")
    this.laterSection = this.#section("later", this.later, "laterNone")
    this.approvalSection = this.#section("approvals", this.approvals, "approvalsNone", actButton(this.language, "nextHeld"))
    this.append(this.queueSection, this.mineSection, this.approvalSection, this.laterSection)
  }

  #section(name, list, none, act = "") {
    const id = `list-${name}`
    const heading = make("h2", { id, class: "list-title" }, this.say(name), " ", make("span", { class: "count number" }))
    list.setAttribute("aria-labelledby", id)
    return make("section", { class: `list-${name}` }, make("header", { class: "list-head" }, heading, act), list, make("p", { class: "none quiet" }, this.say(none)))
  }
}
