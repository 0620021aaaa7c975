// The middle column: one ticket's head, its summary, what was said, and where the helper writes.

import { make, write } from "../../static/build.js"
import { renderMarkdown } from "../../static/markdown.js"
import { actButton } from "../acts.js"
import { DeskElement } from "../desk-element.js"

/** `update(station)`: shows the selected ticket; nothing selected, it says what to do. */
export class TicketTalk extends DeskElement {
  #summaryOf = null

  connectedCallback() {
    if (!this.childElementCount) this.#build()
  }

  update(station) {
    const { talk, house } = station
    this.head.hidden = this.transcript.hidden = this.summary.hidden = !talk
    this.empty.hidden = Boolean(talk)
    this.composer.hidden = !talk?.isMine
    this.accepting.hidden = !talk || talk.ticket.state !== "queued"
    this.over.hidden = !talk || talk.isMine || talk.ticket.state === "queued"
    if (!talk) return
    this.#writeHead(talk)
    this.#writeSummary(talk)
    this.transcript.update(talk)
    if (talk.isMine) this.composer.update(talk, station)
    if (!this.over.hidden) write(this.over, this.#whyNotMine(talk))
    this.dataset.approving = String(house.approvalItems.includes(talk.ticket.itemId))
  }

  #writeHead({ ticket, isMine, unansweredSince }) {
    write(this.number, ticket.number)
    write(this.heading, this.mine(ticket.item) || this.say(`reason_${ticket.reason}`))
    write(this.spoken, this.say(`visitor_${ticket.language}`))
    const waits = ticket.state === "queued" && ticket.live ? ticket.waitingSince : unansweredSince
    write(this.away, ticket.visitorOnline ? "" : this.say("visitorAway"))
    this.clock.since = waits
    const answered = waits === null && ticket.firstReplyS !== null
    this.answered.hidden = !answered
    if (answered) write(this.answered, this.say("firstReply", { seconds: Math.round(ticket.firstReplyS) }))
    this.acts.hidden = !isMine
  }

  #writeSummary({ ticket }) {
    const { callback, transferNote } = ticket
    const told = JSON.stringify([ticket.id, ticket.summary, ticket.reason, callback, ticket.callBackIsOpen, transferNote])
    if (this.#summaryOf === told) return
    this.#summaryOf = told
    this.callBack.hidden = !ticket.callBackIsOpen
    write(this.reason, this.say(`reason_${ticket.reason}`))
    this.told.replaceChildren(renderMarkdown(this.mine(ticket.summary)))
    const lines = [
      callback ? this.#whereToCall(callback) : "",
      callback?.due ? this.say(callback.overdue ? "callBackOverdue" : "callBackDue", { day: this.day(callback.due) }) : "",
      transferNote ? this.say("transferNoteIs", { note: transferNote }) : "",
    ]
    write(this.contact, lines.filter(Boolean).join("\n"))
    this.contact.hidden = !this.contact.textContent
  }

  #whereToCall({ kind, contact, when, forgotten }) {
    if (forgotten) return this.say("callbackForgotten")
    return contact ? this.say("callbackAt", { contact, when: when ?? this.say("anyTime") }) : this.say(`callback_${kind}`)
  }

  #whyNotMine({ ticket }) {
    if (ticket.state !== "active") return this.say("ticketOver", { outcome: this.say(`outcome_${ticket.outcome}`) })
    return this.say("ticketOfOther", { helper: ticket.helper ?? "" })
  }

  #build() {
    const words = (name) => make("span", { class: name })
    this.number = words("ticket-number number")
    this.heading = make("h2", { class: "talk-title", id: "talk-title", tabindex: "-1" })
    this.spoken = words("tag")
    this.clock = document.createElement("waiting-clock")
    this.away = make("span", { class: "visitor-away" })
    this.answered = make("span", { class: "answered quiet number", hidden: true })
    const act = (name, look = "") => actButton(this.language, name, { look })
    this.acts = make("div", { class: "talk-acts" }, act("transfer"), act("giveBack"), act("resolve"))
    const row = (...nodes) => make("div", { class: "talk-row" }, ...nodes)
    const about = make(
      "div", { class: "talk-about" },
      row(this.heading, make("p", { class: "talk-said" }, this.away, this.spoken)), row(make("p", { class: "talk-line" }, this.number, this.answered), this.acts),
    )
    this.head = make("header", { class: "talk-head" }, this.clock, about)
    this.reason = make("strong", { class: "reason" })
    this.told = make("div", { class: "summary-words" })
    this.contact = make("p", { class: "contact", hidden: true })
    this.callBack = actButton(this.language, "callBack", { hidden: true })
    this.summary = make("details", { class: "summary", open: true }, make("summary", {}, this.say("summary"), " · ", this.reason), this.told, this.contact, this.callBack)
    this.transcript = document.createElement("desk-transcript")
    this.accepting = make("div", { class: "accepting" }, make("p", { class: "quiet" }, this.say("acceptHelp")), make("button", { type: "button", class: "button main", "data-act": "acceptThis" }, this.say("acceptThis"), make("kbd", { "aria-hidden": "true" }, "A")))
    this.over = make("p", { class: "over quiet", role: "status" })
    this.composer = document.createElement("reply-composer")
    this.empty = make("div", { class: "empty" }, make("p", {}, this.say("chooseTicket")), make("p", { class: "quiet" }, this.say("chooseTicketHelp")))
    this.append(this.head, this.summary, this.transcript, this.accepting, this.over, this.composer, this.empty)
  }
}
