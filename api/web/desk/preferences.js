// What a helper has chosen on this machine: language, sound, notifications, keys. Kept over sign-out; no one's secret.

import { Keep } from "../static/keep.js"
import { languageOf } from "../static/texts.js"

const DEFAULTS = { sound: false, notifications: false, singleKeys: true, enterSends: true }

export class Preferences {
  #keep = new Keep("bangban-desk:preferences:")

  /** "zh" or "en": as chosen, else as the browser asks. */
  get language() {
    return this.#keep.get("language") ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : languageOf("en"))
  }

  set language(language) {
    this.#keep.set("language", language)
  }

  get(name) {
    return this.#keep.get(name, DEFAULTS[name])
  }

  set(name, on) {
    this.#keep.set(name, on)
  }
}
