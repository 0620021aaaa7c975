// Calls a helper who looks elsewhere: a short tone and a notification of the system. Both only where the helper chose them.

const TONES = { ticket: [660, 880], message: [740], held: [740, 660], late: [880, 660, 880] } // Hz, one after another
const TONE_S = 0.12

export class Alerts {
  #audio = null

  constructor(preferences) {
    this.preferences = preferences
  }

  /** `kind`: ticket, message, held or late. A notification never holds a visitor's words: it shows on a locked screen too. */
  call(kind, title, { tag, onclick } = {}) {
    if (this.preferences.get("sound")) this.#play(TONES[kind])
    const looking = document.visibilityState === "visible" && document.hasFocus()
    if (looking || !this.preferences.get("notifications") || window.Notification?.permission !== "granted") return
    const note = new Notification(title, { tag, icon: "/static/mark.svg" })
    note.onclick = () => {
      window.focus()
      onclick?.()
      note.close()
    }
  }

  /** Whether notifications are on now; asks the browser the first time. */
  async allowNotifications() {
    if (!window.Notification) return false
    return (await Notification.requestPermission()) === "granted"
  }

  /** So that a helper hears what was switched on. */
  sample() {
    this.#play(TONES.ticket)
  }

  #play(tones) {
    this.#audio ??= new AudioContext()
    tones.forEach((pitch, index) => {
      const start = this.#audio.currentTime + index * TONE_S
      const tone = this.#audio.createOscillator()
      const volume = this.#audio.createGain()
      tone.frequency.value = pitch
      volume.gain.setValueAtTime(0.08, start)
      volume.gain.exponentialRampToValueAtTime(0.001, start + TONE_S)
      tone.connect(volume).connect(this.#audio.destination)
      tone.start(start)
      tone.stop(start + TONE_S)
    })
  }
}
