package api

// Paths of a member's own sessions, relative to Base.
const (
	PathMySessions = "/me/sessions"           // GET SessionList; DELETE ends all but the one that asks, 204
	PathMySession  = "/me/sessions/{session}" // DELETE, 204
)

// OpenSession is one of a member's sessions. What lets it in, its token, is nowhere, and where it comes from neither.
type OpenSession struct {
	ID      string `json:"id" doc:"Names the session to its member. It lets nobody in."`
	Program string `json:"program,omitempty" doc:"What opened it, in its own words."`
	Since   int64  `json:"since" doc:"Unix milliseconds."`
	Seen    int64  `json:"seen" doc:"When it was used last: now, while it has a connection."`
	Expires int64  `json:"expires" doc:"Unix milliseconds; each use moves it on."`
	Sockets int    `json:"connections" doc:"Open event streams."`
	Current bool   `json:"current,omitzero" doc:"Whether it is the one that asks."`
}

// SessionList is the open sessions of a member at this node, the one used last first.
type SessionList struct {
	Sessions []OpenSession `json:"sessions" nullable:"false"`
}
