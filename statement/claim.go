package statement

import "slices"

// MaxEpochs is how far a claim may raise the epoch.
const MaxEpochs = 5

// Claim makes its signer, a listed node, the host of a room whose host is lost. Never logged.
type Claim struct {
	Room     ID    `json:"aud"`
	IssuedAt int64 `json:"iat"`
	Epoch    int64 `json:"epoch"` // the new one: at most MaxEpochs above the list's
	List     ID    `json:"list"`  // the succession that names the signer
	Lost     []ID  `json:"lost"`  // statements of nodes on that list, the signer's own among them
}

// Kind implements Body.
func (*Claim) Kind() Kind { return KindClaim }

func (c *Claim) audience() string { return c.Room.String() }

func (c *Claim) check() error {
	if err := all(since(c.IssuedAt), within("epoch", c.Epoch, 2, maxEpoch)); err != nil {
		return err
	}
	if len(c.Lost) < 1 || len(c.Lost) > MaxSuccessors {
		return wrong("lost", "not one to five statements")
	}
	for i, id := range c.Lost {
		if slices.Contains(c.Lost[:i], id) {
			return wrong("lost", "one statement twice")
		}
	}
	return nil
}
