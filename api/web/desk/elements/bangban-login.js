// Where a helper signs in. The server says the same for an unknown name and a wrong password; so does this page.

import { make, write } from "../../static/build.js"
import { tagOf } from "../../static/texts.js"
import { DeskClient } from "../desk-client.js"
import { DeskElement } from "../desk-element.js"
import { Preferences } from "../preferences.js"
import { labelled } from "./desk-dialog.js"

export class BangbanLogin extends DeskElement {
  #client = new DeskClient()
  #preferences = new Preferences()

  connectedCallback() {
    this.addEventListener("submit", this)
    this.addEventListener("click", this)
    this.#build()
    this.querySelector("[name=username]").focus()
    this.#client.waysIn().then(({ provider }) => (this.other.hidden = !provider), () => {}) // the password is left
    const refused = new URLSearchParams(location.search).get("refused")
    if (refused) this.#complain(this.say(`refused_${refused}`))
  }

  disconnectedCallback() {
    this.removeEventListener("submit", this)
    this.removeEventListener("click", this)
  }

  handleEvent(event) {
    if (event.type === "submit") return event.preventDefault(), this.#signIn(new FormData(event.target))
    const wish = event.target.closest("button")?.value
    if (wish === "language") {
      this.#preferences.language = this.language === "en" ? "zh" : "en"
      this.#build()
      this.querySelector("[value=language]").focus()
    }
    if (wish === "show") {
      const shown = this.password.type === "text"
      this.password.type = shown ? "password" : "text"
      event.target.closest("button").setAttribute("aria-pressed", String(!shown))
    }
  }

  async #signIn(form) {
    const [username, password] = [form.get("username").trim(), form.get("password")]
    if (!username || !password) return this.#complain(this.say("loginEmpty"))
    this.button.disabled = true
    this.#complain("")
    try {
      await this.#client.login(username, password)
      location.assign("/desk")
    } catch (failure) {
      this.#complain(this.#reason(failure))
      this.password.select()
    } finally {
      this.button.disabled = false
    }
  }

  /** Why, in the reader's language; the server says it in English. */
  #reason({ status, retryAfterMs, detail }) {
    if (status === 401) return this.say("loginWrong")
    if (status === 429) return this.say("loginLocked", { minutes: Math.max(1, Math.ceil(retryAfterMs / 60_000)) })
    return detail || this.say("noConnection")
  }

  #complain(words) {
    write(this.error, words)
    this.error.hidden = !words
  }

  #build() {
    const language = this.#preferences.language
    this.lang = document.documentElement.lang = tagOf(language)
    document.title = `${this.say("deskName")}: ${this.say("login")}`
    const other = language === "en" ? "zh" : "en"
    this.password = make("input", { name: "password", type: "password", autocomplete: "current-password", required: true })
    this.error = make("p", { class: "error", role: "alert", hidden: true })
    this.button = make("button", { type: "submit", class: "button main" }, this.say("login"))
    const head = make(
      "header", { class: "login-head" }, make("img", { src: "/static/mark.svg", alt: "", width: 40, height: 40 }), make("h1", {}, this.say("loginTitle")),
      make("button", { type: "button", class: "button bare", value: "language", lang: tagOf(other) }, this.say("otherLanguage")),
    )
    const form = make(
      "form", { class: "login-form", novalidate: true },
      labelled(this.say("username"), make("input", { name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true })),
      labelled(this.say("password"), this.password),
      make("button", { type: "button", class: "button bare login-show", value: "show", "aria-pressed": "false" }, this.say("showPassword")),
      this.error, this.button,
    )
    const wasHidden = this.other?.hidden ?? true
    this.other = make("p", { hidden: wasHidden }, make("a", { class: "button login-other", href: this.#client.providerUrl }, this.say("loginOther")))
    this.replaceChildren(make("main", {}, head, form, this.other, make("p", { class: "login-help" }, this.say("loginHelp"))))
  }
}
