// What every element of the desk has: the language around it, and words in it.

import { languageAround } from "../static/texts.js"
import { say } from "./texts.js"

export class DeskElement extends HTMLElement {
  get language() {
    return languageAround(this)
  }

  say(key, values) {
    return say(this.language, key, values)
  }

  /** One of {zh, en} in the helper's language; the other where it is missing, plain text as it is. */
  mine(both) {
    if (both === null || both === undefined) return ""
    return typeof both === "string" ? both : both[this.language] || both.zh || both.en || ""
  }
}
