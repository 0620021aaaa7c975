// The hotline page: names its elements.

import { BangbanHotline } from "./elements/bangban-hotline.js"
import { HotlineCall } from "./elements/hotline-call.js"
import { HotlineRoster } from "./elements/hotline-roster.js"
import { HotlineSearch } from "./elements/hotline-search.js"

customElements.define("hotline-call", HotlineCall)
customElements.define("hotline-roster", HotlineRoster)
customElements.define("hotline-search", HotlineSearch)
customElements.define("bangban-hotline", BangbanHotline)
