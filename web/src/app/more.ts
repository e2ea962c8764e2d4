/**
 * What opens by a press, and the pages that come by themselves: loaded when there is nothing else to do, so that a press
 * finds it here. It is one part, so it comes with one request.
 */
import "./home";

export { ErasedPage, SignedOutPage } from "./pages/farewell";
export { FoundPage, OwnerLinkUnusable } from "./pages/found";
export { RecoveryPage } from "./pages/recovery";
export { NextDate } from "./room/scheduled";
export { ScheduledPage } from "./room/scheduled-page";
export { Sheets } from "./room/sheets";
