// What was said, in order: the server's messages, and one's own on their way there.

/**
 * An entry is a Message of the contract plus `key` (steady for its life) and, for one's own, `client_id` and
 * `delivery`: "queued", "sending", "sent" or "refused" (with `detail`). What waits stands last. `own` is the sender
 * whose letters these are: the visitor's in the widget, the helper's ("agent") at the desk.
 */
export class Transcript {
  entries = []

  constructor(own = "visitor") {
    this.own = own
  }

  get lastId() {
    return this.entries.findLast((entry) => entry.id)?.id
  }

  entryOf(letter) {
    return this.entries.find((entry) => entry.client_id === letter.client_id)
  }

  /** Takes in messages of the server; one that is known already changes nothing. */
  receive(messages) {
    for (const message of messages ?? []) {
      if (this.entries.some((entry) => entry.id === message.id)) continue
      const own = message.client_id ? this.entryOf(message) : null
      if (!own) {
        this.#insert({ ...message, key: message.id })
        continue
      }
      const waited = own.delivery === "queued"
      Object.assign(own, message, { key: own.key, delivery: "sent" }) // the server's text: personal data is masked in it
      if (waited || own.sequence) this.#settle(own)
    }
  }

  /** A letter (see outbox.js) as an entry that waits. A letter may name its sender and language. */
  show({ client_id, text, payload, title, at, sender = this.own, language }) {
    if (this.entryOf({ client_id })) return
    const said = { text, payload, title }
    const own = { sender, language, kind: "text", text: title, said, delivery: "queued" }
    this.entries.push({ key: client_id, client_id, at, ...own })
  }

  mark(letter, delivery, detail = "") {
    this.show(letter) // it may have been written in another tab
    const entry = this.entryOf(letter)
    if (entry.id && delivery !== "refused") delivery = "sent" // the server has it; what is asked again is its answer
    const leaves = entry.delivery === "queued" && delivery !== "queued"
    Object.assign(entry, { delivery, detail })
    if (leaves) this.#settle(entry)
  }

  drop(entry) {
    this.entries = this.entries.filter((other) => other !== entry)
  }

  /** Forgets what the server said; keeps what it has not taken yet. */
  keepOnlyUnsent() {
    this.entries = this.entries.filter((entry) => entry.delivery && entry.delivery !== "sent")
  }

  clear() {
    this.entries = []
  }

  /** What is on its way or arrived stands before all that still waits. */
  #settle(entry) {
    this.entries.splice(this.entries.indexOf(entry), 1)
    this.#insert(entry)
  }

  /** By the server's numbers where there are some: two ways bring messages, and the later one may be the faster. */
  #insert(entry) {
    const later = (other) => other.delivery === "queued" || (entry.sequence && other.sequence > entry.sequence)
    const place = this.entries.findIndex(later)
    this.entries.splice(place < 0 ? this.entries.length : place, 0, entry)
  }
}
