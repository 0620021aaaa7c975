// What every element of the desk has: the language around it, and words in it.

import { languageAround, tagOf } from "../static/texts.js"
import { say } from "./texts.js"

export class DeskElement extends HTMLElement {
  get language() {
    return languageAround(this)
  }

  say(key, values) {
    return say(this.language, key, values)
  }

  /** "89.9%": a share beside its target, rounded down, because 89.96 % shown as 90 % would look like a target reached. */
  shareReached(share) {
    return new Intl.NumberFormat(tagOf(this.language), { style: "percent", maximumFractionDigits: 1, roundingMode: "floor" }).format(share)
  }

  /** A day of the contract (2026-11-24), short. */
  day(date) {
    return new Intl.DateTimeFormat(tagOf(this.language), { dateStyle: "medium", timeZone: "UTC" }).format(new Date(`${date}T00:00:00Z`))
  }

  /** One of {zh, en} in the helper's language; the other where it is missing, plain text as it is. */
  mine(both) {
    if (both === null || both === undefined) return ""
    return typeof both === "string" ? both : both[this.language] || both.zh || both.en || ""
  }
}
