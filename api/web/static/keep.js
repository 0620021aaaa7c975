// Small things kept in the browser: JSON values under one prefix, in memory where the browser allows no storage.

export class Keep {
  #memory = new Map()

  /** `area` names a Web Storage object of window: "localStorage" (every tab of the site) or "sessionStorage". */
  constructor(prefix, area = "localStorage") {
    this.prefix = prefix
    try {
      this.storage = window[area]
      this.storage.setItem(`${prefix}probe`, "")
      this.storage.removeItem(`${prefix}probe`)
    } catch {
      this.storage = null
    }
  }

  get(name, otherwise = null) {
    const written = this.storage ? this.storage.getItem(this.prefix + name) : this.#memory.get(name)
    if (written === null || written === undefined) return otherwise
    try {
      return JSON.parse(written)
    } catch {
      return otherwise
    }
  }

  set(name, value) {
    const written = JSON.stringify(value)
    try {
      if (this.storage) return this.storage.setItem(this.prefix + name, written)
    } catch {
      this.storage = null // full or forbidden: this page goes on in memory
    }
    this.#memory.set(name, written)
  }

  remove(name) {
    this.#memory.delete(name)
    this.storage?.removeItem(this.prefix + name)
  }

  /** Which of our names a storage event is about; null where it is not ours. */
  nameIn(event) {
    const ours = event.storageArea === this.storage && event.key?.startsWith(this.prefix)
    return ours ? event.key.slice(this.prefix.length) : null
  }
}
