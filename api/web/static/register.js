// Loads the style sheet, then names the elements; nothing else on the page is touched.

import { HOME } from "./api-client.js"
import { AnswerCard } from "./elements/answer-card.js"
import { BangbanWidget } from "./elements/bangban-widget.js"
import { CallbackForm } from "./elements/callback-form.js"
import { ChatHeader } from "./elements/chat-header.js"
import { ClosingForm } from "./elements/closing-form.js"
import { FeedbackRow } from "./elements/feedback-row.js"
import { MessageComposer } from "./elements/message-composer.js"
import { MessageLog } from "./elements/message-log.js"
import { OptionList } from "./elements/option-list.js"
import { RatingForm } from "./elements/rating-form.js"
import { StatusLine } from "./elements/status-line.js"
import { WaitingChoices } from "./elements/waiting-choices.js"

const ELEMENTS = {
  "bangban-answer-card": AnswerCard,
  "bangban-callback-form": CallbackForm,
  "bangban-chat-header": ChatHeader,
  "bangban-closing-form": ClosingForm,
  "bangban-feedback-row": FeedbackRow,
  "bangban-message-composer": MessageComposer,
  "bangban-message-log": MessageLog,
  "bangban-option-list": OptionList,
  "bangban-rating-form": RatingForm,
  "bangban-status-line": StatusLine,
  "bangban-waiting-choices": WaitingChoices,
  "bangban-widget": BangbanWidget, // last: it builds the others
}

const reply = await fetch(new URL("static/widget.css", HOME), { credentials: "omit" })
if (!reply.ok) throw new Error(`widget.css: ${reply.status}`)
const css = await reply.text()
BangbanWidget.sheet = new CSSStyleSheet() // adopted, so that a page's style-src policy is not in the way
BangbanWidget.sheet.replaceSync(css)
for (const [name, element] of Object.entries(ELEMENTS)) {
  if (!customElements.get(name)) customElements.define(name, element)
}
