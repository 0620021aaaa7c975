// What each role may see of the desk's pages. The server decides; this only spares buttons that it would refuse.

const MAY = {
  house: ["supervisor", "admin"], // the notice and the switches
  figures: ["supervisor", "admin"],
  followUps: ["agent", "supervisor", "admin"],
}

export function may(role, what) {
  return MAY[what].includes(role)
}
