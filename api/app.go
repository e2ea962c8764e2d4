package api

// An app is another program of a member's that speaks for them, or hears what they hear, by WHIP (RFC 9725) or WHEP
// (draft-ietf-wish-whep). It holds no key: a token lets it in, which its member made for one room and one direction.

// Direction is what an app does for its member.
type Direction string

// The directions.
const (
	DirectionSpeak  Direction = "speak"
	DirectionListen Direction = "listen"
)

// Paths of the endpoints, relative to the node's origin. A connection's own address comes as Location.
const (
	PathWHIP        = "/whip/{room}"           // POST application/sdp, by a token to speak
	PathWHIPSession = "/whip/{room}/{session}" // PATCH, DELETE
	PathWHEP        = "/whep/{room}"           // the same to listen
	PathWHEPSession = "/whep/{room}/{session}"
)

// App is one app, connected or not.
type App struct {
	ID        string    `json:"id" doc:"Names the app to its member."`
	Direction Direction `json:"direction" enum:"speak,listen"`
	Created   int64     `json:"created"`
	Expires   int64     `json:"expires" doc:"When the token is void at the latest. It is before, with the session that made it, when its member leaves the room or is removed, and when the room ends or loses this node."`
	Connected bool      `json:"connected"`
}

// AppList is the apps of a member in one room.
type AppList struct {
	Apps []App `json:"apps" nullable:"false"`
}

// CreateApp makes a token.
type CreateApp struct {
	Direction Direction `json:"direction" enum:"speak,listen"`
	Lend      string    `json:"lend,omitempty" doc:"To speak: a lend statement for this room and this node."`
}

// NewApp is an app with what lets it in.
type NewApp struct {
	App   App    `json:"app"`
	Token string `json:"token" doc:"For Authorization: Bearer. It is told only once."`
	Path  string `json:"path" doc:"The WHIP or WHEP endpoint at this node."`
}

// AppsChanged tells a member of their own apps: after each change, and before a snapshot where there are any.
type AppsChanged struct {
	Head
	Apps []App `json:"apps" nullable:"false"`
}
