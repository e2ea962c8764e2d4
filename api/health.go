package api

// Where machines ask how the node is. They are outside Base, need no session, and answer under any host name.
const (
	PathHealth = "/healthz" // GET: 200 while the process answers
	PathReady  = "/readyz"  // GET Readiness: 200, or 503 while the node should get no visitors
)

// Readiness says whether the node should get visitors, and what each part says.
type Readiness struct {
	Ready  bool        `json:"ready"`
	Checks []Condition `json:"checks" nullable:"false"`
}

// Condition is how one part of the node is. A part may be ready and still have something to say.
type Condition struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
	Why   string `json:"why,omitempty" doc:"In English, for whoever runs the node. Names no file and holds no secret."`
}
