package statement

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
)

// Parse reads one statement of any kind and verifies its signature. It looks at no clock, and not at who may say what.
// An error is a *reason.RejectError with one of the statement reasons. What is wrong is looked for in this order, and
// the first finding is the reason: size, base64url, header, kind, kid, payload, keys in it, claims out of bounds,
// signature.
func Parse(text string) (Statement, error) { return new(Parser).Parse(text) }

// ParseKind reads one statement that must be of body type B, such as *Join; any other kind is StatementKind. The rest
// is as in [Parse].
func ParseKind[B Body](text string) (Statement, error) {
	var body B
	return new(Parser).parse(text, body.Kind())
}

// Parser reads many statements, such as those of a log, and gives what [Parse] gives. It remembers which texts are
// keys: to find that out is the dearest part of reading a statement besides its signature, and in a log the same keys
// come again and again. The zero Parser is ready; it is for one goroutine at a time.
type Parser struct {
	keys   map[string]identity.PublicKey // what was found to be a key; never what was found to be none
	claims *json.Unmarshalers            // reads the keys among the claims
	badKey error                         // what claims found since decode began: a string that stands for a key and is none
}

// maxKeys is how many keys a Parser remembers before it begins anew: some 3 MB.
const maxKeys = 1 << 14

// key reads the text of a key.
func (p *Parser) key(text string) (identity.PublicKey, error) {
	if k, ok := p.keys[text]; ok {
		return k, nil
	}
	k, err := identity.ParseDID(text)
	if err != nil {
		return k, err
	}
	if p.keys == nil || len(p.keys) >= maxKeys {
		p.keys = map[string]identity.PublicKey{}
	}
	p.keys[strings.Clone(text)] = k
	return k, nil
}

// Parse is as the function [Parse].
func (p *Parser) Parse(text string) (Statement, error) { return p.parse(text, "") }

func (p *Parser) parse(text string, want Kind) (Statement, error) {
	e, err := p.open(text, want)
	if err != nil {
		return Statement{}, err
	}
	body := newBody(e.kind)
	if err := p.decode(e.payload, body); err != nil {
		if errors.Is(err, identity.ErrKey) {
			return Statement{}, reason.Reject(reason.StatementKey, "%s: %v", e.kind, err)
		}
		return Statement{}, reason.Reject(reason.StatementPayload, "%s: %v", e.kind, err)
	}
	if err := body.check(); err != nil {
		return Statement{}, reason.Reject(reason.StatementPayload, "%s: %v", e.kind, err)
	}
	if join, ok := body.(*Join); ok {
		if err := join.carry(p); err != nil {
			return Statement{}, err // it has a reason of its own
		}
	}
	if err := e.verify(); err != nil {
		return Statement{}, err
	}
	return Statement{text: text, id: e.id, signer: e.signer, body: body}, nil
}

// newBody is an empty body of a kind, nil for a kind that this version does not know. It is the list of the sealed set.
func newBody(kind Kind) Body {
	switch kind {
	case KindDelegate:
		return new(Delegate)
	case KindRules:
		return new(Rules)
	case KindGrant:
		return new(Grant)
	case KindInvite:
		return new(Invite)
	case KindRedeem:
		return new(Redeem)
	case KindJoin:
		return new(Join)
	case KindApprove:
		return new(Approve)
	case KindAdmit:
		return new(Admit)
	case KindRevoke:
		return new(Revoke)
	case KindSession:
		return new(Session)
	case KindProfile:
		return new(Profile)
	case KindCreate:
		return new(Create)
	case KindEnd:
		return new(End)
	case KindSchedule:
		return new(Schedule)
	case KindErase:
		return new(Erase)
	case KindEnter:
		return new(Enter)
	case KindTicket:
		return new(Ticket)
	case KindAct:
		return new(Act)
	case KindLend:
		return new(Lend)
	case KindAnnounce:
		return new(Announce)
	case KindSuccession:
		return new(Succession)
	case KindLost:
		return new(Lost)
	case KindClaim:
		return new(Claim)
	}
	return nil
}
