/**
 * What a room needs and its door does not: loaded when the page has been shown, before anybody presses anything. It is
 * one part, so it comes with one request.
 */
import { startDevice } from "../state/device";
import { startFresh } from "../state/fresh";
import { startMine } from "../state/mine";
import { startNotices } from "../state/notices";
import { startPush } from "../state/push";
import { startPresence } from "../state/room";
import { startKeys } from "./keys";

export { begin, depart } from "../state/room";
export { MiniBar, MiniDock } from "./current-room";
export { DoorSound, microphoneAtDoor } from "./door-sound";
export { MicrophoneNotice } from "./microphone";
export { OfferDialog } from "./offer-dialog";
export { PresencePage } from "./presence-page";

/** Starts what members are told, and what the device and the keyboard do in rooms. */
export function start(): void {
  startKeys();
  startDevice();
  startMine();
  startPresence();
  startFresh();
  startNotices();
  startPush();
}
