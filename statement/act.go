package statement

import (
	"regexp"

	"github.com/stoa-rooms/stoa/identity"
)

// maxQuestion is how long a question may be, in bytes: as long as the API's longest, which fits into MaxSize with all
// else. What it may look like is the API's business.
const maxQuestion = 2000

// Act is what a member does in a room that another node hosts. Signed by the member, so that their home can neither
// invent nor repeat it: it carries the nonce of their entry and a number above that of their last act. Never logged.
type Act struct {
	Room     ID                 `json:"aud"`
	IssuedAt int64              `json:"iat"`
	Nonce    string             `json:"nonce"`
	Number   int64              `json:"n"`   // from 1, rising
	Do       string             `json:"do"`  // an action of the API, such as "raise_hand"
	Target   identity.PublicKey `json:"sub"` // the person acted on; the signer where there is nobody else
	Question string             `json:"question"`
}

var doPattern = regexp.MustCompile(`^[a-z_]{1,32}$`)

// Kind implements Body.
func (*Act) Kind() Kind { return KindAct }

func (a *Act) audience() string { return a.Room.String() }

func (a *Act) check() error {
	return all(
		since(a.IssuedAt),
		matches("nonce", a.Nonce, jtiPattern),
		within("n", a.Number, 1, MaxInt),
		matches("do", a.Do, doPattern),
		length("question", a.Question, 0, maxQuestion),
	)
}
