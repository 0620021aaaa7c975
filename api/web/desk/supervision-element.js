// What every element of the supervision page has: the language around it, and the page's words in it.

import { tagOf } from "../static/texts.js"
import { DeskElement } from "./desk-element.js"
import { say } from "./supervision-texts.js"

export class SupervisionElement extends DeskElement {
  say(key, values) {
    return say(this.language, key, values)
  }

  /** "50 %"; a dash where there is nothing to count. */
  percent(share) {
    return share === null ? "–" : new Intl.NumberFormat(tagOf(this.language), { style: "percent" }).format(share)
  }

  /** A moment of the contract, as Shanghai's clocks show it. */
  clockTime(moment, options = { timeStyle: "medium" }) {
    return new Intl.DateTimeFormat(tagOf(this.language), { ...options, timeZone: "Asia/Shanghai" }).format(new Date(moment))
  }
}
