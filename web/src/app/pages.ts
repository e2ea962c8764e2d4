/** The pages that people go to by a link: loaded when they point at one. */
import "./more";

export { AdoptPage } from "./pages/adopt";
export { CalendarPage } from "./pages/calendar";
export { CommunityPage } from "./pages/community";
export { InvitesPage } from "./pages/invites";
export { NodePage } from "./pages/node";
export { NoticesPage } from "./pages/notices";
export { PersonPage } from "./pages/person";
export { ProfilePage } from "./pages/profile";
export { RestorePage } from "./pages/restore";
export { SearchPage } from "./pages/search";
