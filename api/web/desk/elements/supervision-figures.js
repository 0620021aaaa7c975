// The figures: how it stands now, then the shares of the days that were asked for, as a whole, per helper, per family.

import { make, write } from "../../static/build.js"
import { momentBefore } from "../clock.js"
import { SupervisionElement } from "../supervision-element.js"

const OF_HELPERS = ["first_reply_within_60s", "resolved", "resolved_by_visitors_word", "content"]
const OF_ALL = [...OF_HELPERS, "left_without_reply"]

/** `update(told)` with what GET /api/v1/supervision says. Tables are made anew only when a figure in them has changed. */
export class SupervisionFigures extends SupervisionElement {
  #drawn = ""

  connectedCallback() {
    if (!this.childElementCount) this.#build()
  }

  update(told) {
    const { now } = told.total
    write(this.waiting, String(now.waiting))
    write(this.active, String(now.active))
    write(this.toBeCalled, String(now.to_be_called))
    write(this.open, String(told.follow_ups_open))
    write(this.overdue, String(told.follow_ups_overdue))
    this.overdue.dataset.bad = String(told.follow_ups_overdue > 0)
    this.longest.since = now.longest_wait_s === null ? null : momentBefore(now.longest_wait_s)
    this.nobody.hidden = now.longest_wait_s !== null
    const { at, follow_ups_open: _, follow_ups_overdue: __, ...figures } = told
    const drawn = JSON.stringify({ ...figures, total: { ...told.total, now: null }, families: told.families.map(withoutWait) })
    if (drawn === this.#drawn) return
    this.#drawn = drawn
    this.#draw(told)
  }

  #draw({ from, to, total, hotline, helpers, families }) {
    write(this.span, this.say(from === to ? "figuresOfDay" : "figuresOf", { from: this.day(from), to: this.day(to) }))
    this.totals.replaceChildren(...this.#totals(total), this.#connection(hotline))
    const named = (one) => this.mine(one.name) || this.say("noFamily")
    this.families.replaceChildren(this.#table("family", ["waiting", "active", "opened"], OF_ALL, families.map((one) => [named(one), [one.now.waiting, one.now.active, one.opened], one.shares, one.hotline])))
    const who = ({ helper, helper_name: name }) => name || helper || this.say("nobody")
    this.helpers.replaceChildren(this.#table("helper", ["active"], OF_HELPERS, helpers.map((one) => [who(one), [one.active], one.shares, one.hotline])))
  }

  #totals({ opened, shares }) {
    const number = make("div", { class: "figure" }, make("dt", {}, this.say("opened")), make("dd", {}, make("span", { class: "figure-big number" }, String(opened))))
    return [number, ...OF_ALL.map((name) => make("div", { class: "figure", "data-measure": name }, make("dt", {}, this.say(name)), make("dd", {}, ...this.#share(shares[name], "figure-big", true))))]
  }

  /** The hotline's connection rate against its target: in words too, not by colour alone. */
  #connection({ connected, asked, rate, target, is_met: isMet }) {
    const held = this.say(isMet === null ? "target" : isMet ? "targetMet" : "targetMissed", { target: this.shareReached(target) })
    const from = asked ? `${this.say("ofHow", { count: connected, of: asked })} · ${held}` : held
    const share = make("span", { class: "figure-big number", "data-bad": String(isMet === false) }, rate === null ? "–" : this.shareReached(rate))
    return make("div", { class: "figure", "data-measure": "hotline_connection" }, make("dt", {}, this.say("hotline_connection")), make("dd", {}, share, " ", make("span", { class: "quiet number" }, from)))
  }

  /** The same of one operator or family: the target is that of all calls, so there is none beside it. */
  #connected({ connected: count, asked: of, rate: share, low, high }) {
    return this.#share({ count, of, share, low, high }, "", false, share === null ? "–" : this.shareReached(share))
  }

  #table(head, counts, measures, rows) {
    if (!rows.length) return make("p", { class: "quiet none" }, this.say("nothingYet"))
    const heads = [head, ...counts, ...measures, "hotline_connection"].map((key) => make("th", { scope: "col" }, this.say(key)))
    const row = ([name, numbers, shares, hotline]) => make(
      "tr", {}, make("th", { scope: "row" }, name), ...numbers.map((number) => make("td", { class: "number" }, String(number))),
      ...measures.map((measure) => make("td", { class: "number", "data-measure": measure }, ...this.#share(shares[measure]))),
      make("td", { class: "number", "data-measure": "hotline_connection" }, ...this.#connected(hotline)),
    )
    return make("table", { class: "figures" }, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows.map(row)))
  }

  /** The share with what it was counted from: never a percentage alone. */
  #share({ count, of, share, low, high }, look = "", whole = false, shown = this.percent(share)) {
    const interval = share === null ? "" : this.say("interval", { low: this.percent(low), high: this.percent(high) })
    const from = make("span", { class: "quiet number" }, of ? this.say("ofHow", { count, of }) : "", whole && interval ? ` · ${interval}` : "")
    return [make("span", { class: `${look} number`.trim(), title: whole ? null : interval || null }, shown), " ", from]
  }

  #build() {
    this.waiting = make("span", { class: "figure-big number" })
    this.active = make("span", { class: "figure-big number" })
    this.toBeCalled = make("span", { class: "figure-big number" })
    this.open = make("span", { class: "figure-big number" })
    this.overdue = make("span", { class: "figure-big number" })
    this.longest = document.createElement("waiting-clock")
    this.nobody = make("span", { class: "quiet" }, this.say("nobodyWaits"))
    const tile = (key, ...nodes) => make("div", { class: "figure", "data-now": key }, make("dt", {}, this.say(key)), make("dd", {}, ...nodes))
    const tiles = [
      tile("waiting", this.waiting), tile("longestWait", this.longest, this.nobody), tile("active", this.active), tile("toBeCalled", this.toBeCalled),
      tile("openFollowUps", this.open), tile("overdueFollowUps", this.overdue),
    ]
    this.span = make("h2", { class: "part-title" })
    this.totals = make("dl", { class: "tiles" })
    this.helpers = this.#region("perHelper")
    this.families = this.#region("perFamily")
    this.append(
      make("section", { class: "part", "aria-label": this.say("now") }, make("h2", { class: "part-title" }, this.say("now")), make("dl", { class: "tiles" }, ...tiles)),
      make("section", { class: "part" }, this.span, this.totals, make("p", { class: "quiet" }, this.say("definitions"))),
      make("section", { class: "part" }, make("h3", { class: "part-title" }, this.say("perHelper")), this.helpers),
      make("section", { class: "part" }, make("h3", { class: "part-title" }, this.say("perFamily")), this.families),
    )
  }

  /** A wide table scrolls within itself, by keyboard too. */
  #region(key) {
    return make("div", { class: "table-scroll", role: "region", tabindex: "0", "aria-label": this.say(key) })
  }
}

function withoutWait(family) {
  return { ...family, now: { ...family.now, longest_wait_s: null } } // it grows all the time, and is not in the table
}
