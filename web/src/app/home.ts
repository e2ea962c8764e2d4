/** Where members come when they come to no room, and what strangers find there. */
import "./room/inside";

export { HallwayPage } from "./pages/hallway";
export { StrangerPage } from "./pages/stranger";
