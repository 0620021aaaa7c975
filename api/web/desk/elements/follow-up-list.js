// Follow-ups: a list to choose from, each with what was said and when it is due, and a way to close it.

import { make, tell, write } from "../../static/build.js"
import { say as sayToVisitors } from "../../static/texts.js"
import { SupervisionElement } from "../supervision-element.js"

const SHOWN = ["showOpen", "showOverdue", "showCallBacks", "showClosed"]

/**
 * `update({follow_ups, total}, shown)` and `reasons({items})`. Tells "shown-wanted" {shown} and "closing-wanted" {followUp}.
 * Made anew only when something in it has changed, and then the focus stays where it was.
 */
export class FollowUpList extends SupervisionElement {
  facets = {} // what the base calls them, once that is known
  #drawn = ""
  #drawnReasons = ""
  #followUps = []

  connectedCallback() {
    if (!this.childElementCount) this.#build()
    this.addEventListener("change", this)
    this.addEventListener("click", this)
  }

  disconnectedCallback() {
    this.removeEventListener("change", this)
    this.removeEventListener("click", this)
  }

  handleEvent({ type, target }) {
    if (type === "change" && target.name === "shown") tell(this, "shown-wanted", { shown: target.value })
    const id = type === "click" ? target.closest("[data-follow-up]")?.dataset.followUp : null
    if (id) tell(this, "closing-wanted", { followUp: this.#followUps.find((one) => one.id === id) })
  }

  update({ follow_ups: followUps, total }, shown) {
    const drawn = JSON.stringify([followUps, total, shown, this.facets])
    if (drawn === this.#drawn) return
    this.#drawn = drawn
    this.#followUps = followUps
    for (const radio of this.querySelectorAll("[name=shown]")) radio.checked = radio.value === shown
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.followUp : null
    this.list.replaceChildren(...followUps.map((one) => this.#entry(one)))
    if (focused) (this.list.querySelector(`[data-follow-up="${focused}"]`) ?? this.heading).focus()
    write(this.note, followUps.length ? (total > followUps.length ? this.say("moreThanShown", { total, shown: followUps.length }) : "") : this.say("followUpsNone"))
  }

  reasons({ items }) {
    const drawn = JSON.stringify(items)
    if (drawn === this.#drawnReasons) return
    this.#drawnReasons = drawn
    const row = ({ item, item_id: id, open, closed, reasons }) => {
      const found = Object.entries(reasons).map(([reason, count]) => make("li", {}, `${this.say(`reason_${reason}`)} `, make("span", { class: "number" }, String(count))))
      return make("tr", {}, make("th", { scope: "row" }, this.mine(item) || id || this.say("noItem")), make("td", { class: "number" }, String(open)), make("td", { class: "number" }, String(closed)), make("td", {}, make("ul", { class: "plain" }, ...found)))
    }
    const heads = ["item", "showOpen", "showClosed", "reasons"].map((key) => make("th", { scope: "col" }, this.say(key)))
    const table = make("table", { class: "figures" }, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...items.map(row)))
    this.byItem.replaceChildren(items.length ? table : make("p", { class: "quiet none" }, this.say("followUpsNone")))
  }

  focusHeading() {
    this.heading.focus()
  }

  #entry(one) {
    const what = this.mine(one.item) || one.item_id || this.say("noItem")
    const facet = one.facet ? ` · ${this.mine(this.facets[one.facet]) || one.facet}` : ""
    const name = one.item_id ? make("a", { href: `/items/${encodeURIComponent(one.item_id)}`, target: "_blank", rel: "noopener" }, what) : what
    const said = (one.about === "callback" ? this.#wanted(one) : this.#rated(one)).filter(Boolean).join(" · ")
    const who = [this.say(`about_${one.about}`), one.helper_name || one.helper, one.ticket_number].filter(Boolean).join(" · ")
    const isOpen = one.state === "open"
    const due = make("span", { class: one.overdue ? "tag warn" : "tag" }, this.say(one.overdue ? "overdue" : "due", { day: this.day(one.due) }))
    const button = make("button", { type: "button", class: "button", "data-follow-up": one.id, "aria-label": this.say("closeLong", { what: `${what}${facet}` }) }, this.say("close_followUp"))
    const closed = !isOpen && this.say("closedAs", {
      who: one.closed_by ?? this.say("theVisitor"), time: this.clockTime(one.closed_at, { dateStyle: "short", timeStyle: "short" }), reason: this.say(`reason_${one.reason}`),
    })
    return make(
      "li", { class: "follow-up", "data-overdue": String(one.overdue) },
      make("div", { class: "follow-up-head" }, make("h3", {}, name, facet), isOpen ? due : "", isOpen ? button : ""),
      make("p", {}, said, one.comment ? ": " : "", one.comment ? make("q", {}, one.comment) : ""),
      make("p", { class: "quiet" }, `${who} · ${this.say("openedAt", { time: this.clockTime(one.opened_at, { dateStyle: "short", timeStyle: "short" }) })}`),
      closed ? make("p", {}, closed) : "",
      one.action ? make("p", { class: "as-written" }, one.action) : "",
      one.about === "callback" && isOpen && one.ticket_id ? make("p", {}, make("a", { href: `/desk#${encodeURIComponent(one.ticket_id)}`, target: "_blank" }, this.say("openTicket"))) : "",
    )
  }

  #rated({ rating, resolved }) {
    return [rating === null ? "" : `${rating} · ${sayToVisitors(this.language, `rating${rating}`)}`, this.say(resolved ? "said_resolved" : "said_unresolved")]
  }

  #wanted({ callback, failed_tries: count }) {
    const where = callback?.forgotten ? this.say("callbackForgotten") : callback ? this.say(`callback_${callback.kind}`) : this.say("callBackAgreed")
    return [where, callback?.when, count ? this.say("failedTries", { count }) : ""]
  }

  #build() {
    this.heading = make("h2", { class: "part-title", tabindex: "-1" }, this.say("followUps"))
    const radios = SHOWN.map((shown, index) => make("label", { class: "choice" }, make("input", { type: "radio", name: "shown", value: shown, checked: index === 0 }), make("span", {}, this.say(shown))))
    const filter = make("fieldset", {}, make("legend", { class: "off-screen" }, this.say("followUps")), make("div", { class: "choices" }, ...radios))
    this.list = make("ol", { class: "plain follow-ups" })
    this.note = make("p", { class: "quiet none" })
    this.byItem = make("div", { class: "table-scroll", role: "region", tabindex: "0", "aria-label": this.say("reasonsByItem") })
    this.append(
      make("section", { class: "part" }, this.heading, filter, this.list, this.note),
      make("section", { class: "part" }, make("h2", { class: "part-title" }, this.say("reasonsByItem")), this.byItem),
    )
  }
}
