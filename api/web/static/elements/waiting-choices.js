// What a visitor who waits for a person can do besides asking on: leave a number, or stop waiting.

import { make, tell } from "../build.js"
import { languageAround, say } from "../texts.js"

/** Tells "call-back-form-wanted" and "stop-waiting-wanted". */
export class WaitingChoices extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this)
    if (this.childElementCount) return
    const button = (value, key) => make("button", { type: "button", class: "small-button", value }, say(languageAround(this), key))
    this.append(make("div", { class: "feedback-buttons" }, button("call-back-form-wanted", "callBackInstead"), button("stop-waiting-wanted", "stopWaiting")))
  }

  disconnectedCallback() {
    this.removeEventListener("click", this)
  }

  handleEvent({ target }) {
    const wish = target.closest("button")?.value
    if (wish) tell(this, wish)
  }
}
