// The login page: names its one element.

import { BangbanLogin } from "./elements/bangban-login.js"

customElements.define("bangban-login", BangbanLogin)
