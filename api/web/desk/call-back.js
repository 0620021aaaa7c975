// How a call-back went: one question, asked at the desk and on the supervision page.

import { make } from "../static/build.js"
import { languageAround } from "../static/texts.js"
import { Incomplete, choiceOf, labelled, openDialog } from "./elements/desk-dialog.js"
import { say } from "./texts.js"

const AGAIN = "again" // not reached, and tried again on a day that is asked for
const OUTCOMES = ["reached", AGAIN, "not_reached", "no_longer_wanted"]
const DAY_MS = 86_400_000

/** `told`: lines about the call; `close(wish)` sends what POST /follow-ups/{id}/callback wants, and may reject. */
export function askHowItWent(place, told, close) {
  const words = (key) => say(languageAround(place), key)
  const day = make("input", { type: "date", name: "again_on" })
  day.value = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(Date.now() + DAY_MS)
  const dialog = openDialog(place, {
    title: words("callBackTitle"),
    content: [
      ...told.filter(Boolean).map((line) => make("p", {}, line)),
      choiceOf("outcome", words("outcome"), OUTCOMES.map((outcome) => [outcome, words(`callBack_${outcome}`)]), { keys: true }),
      labelled(words("againOn"), day, words("againOnHelp")),
      labelled(words("outcomeNote"), make("textarea", { name: "note", rows: 2, maxlength: 1000 }), words("callBackNoteHelp")),
    ],
    submitLabel: words("save"),
    submit(form) {
      const outcome = form.get("outcome")
      if (!outcome) throw new Incomplete(words("chooseOutcome"))
      if (outcome === AGAIN && !form.get("again_on")) throw new Incomplete(words("againOnMissing"))
      const again = outcome === AGAIN ? { outcome: "not_reached", again_on: form.get("again_on") } : { outcome }
      return close({ ...again, note: form.get("note").trim() || undefined })
    },
  })
  dialog.querySelector("[name=outcome]").focus()
}
