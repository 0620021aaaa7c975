// What every element of the hotline page has: the language around it, and the page's words in it.

import { DeskElement } from "./desk-element.js"
import { say } from "./hotline-texts.js"

export class HotlineElement extends DeskElement {
  say(key, values) {
    return say(this.language, key, values)
  }
}
