// All walks by their names: together they stop at every page and dialog, in every state.
import type { Way } from "./walk";
import { walkDoor } from "./walk-door";
import { walkEntry } from "./walk-entry";
import { walkEvening } from "./walk-evening";
import { walkNotices } from "./walk-notices";
import { walkOwn } from "./walk-own";
import { walkPeople } from "./walk-people";
import { walkSchedule } from "./walk-schedule";
import { walkTrouble } from "./walk-trouble";

export const walks: Readonly<Record<string, Way>> = {
  evening: walkEvening,
  people: walkPeople,
  entry: walkEntry,
  schedule: walkSchedule,
  notices: walkNotices,
  door: walkDoor,
  own: walkOwn,
  trouble: walkTrouble,
};
