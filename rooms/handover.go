package rooms

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// MaxHandovers is how many hosts after the first a room may have had.
const MaxHandovers = 16

// The largest encodings, in bytes: of a handover its seven statements (list, claim and five lost), with room for what
// is around them.
const (
	maxHandover = (2+statement.MaxSuccessors)*statement.MaxSize + 1024
	maxLine     = MaxHandovers * maxHandover
)

// Handover is the proof of one change of hosts: the list of the host that was lost, what listed nodes said of the loss,
// and the claim of the one that follows. Whether it proves anything, and after which hosts, Tenure.Advance says.
type Handover struct {
	List  statement.Statement   // succession
	Lost  []statement.Statement // in the order in which the claim names them
	Claim statement.Statement
}

// handoverText is a Handover on the wire and in the store.
type handoverText struct {
	List  string         `json:"list"`
	Lost  jsontext.Value `json:"lost"`
	Claim string         `json:"claim"`
}

// ParseHandover reads a handover and verifies its signatures, nothing else. Unknown members are ignored, repeated ones
// refused. Refused: claim-invalid for what is no handover, and for each statement as by statement.ParseKind.
func ParseHandover(data []byte) (Handover, error) {
	if len(data) > maxHandover {
		return Handover{}, reason.Reject(reason.ClaimInvalid, "a handover of %d bytes", len(data))
	}
	var text handoverText
	if err := json.Unmarshal(data, &text); err != nil {
		return Handover{}, reason.Reject(reason.ClaimInvalid, "%v", err)
	}
	return text.parse()
}

func (t handoverText) parse() (Handover, error) {
	lost, err := readList[string](t.Lost, statement.MaxSuccessors)
	if err != nil {
		return Handover{}, reason.Reject(reason.ClaimInvalid, "lost: %v", err)
	}
	var h Handover
	if h.List, err = statement.ParseKind[*statement.Succession](t.List); err != nil {
		return Handover{}, err
	}
	if h.Claim, err = statement.ParseKind[*statement.Claim](t.Claim); err != nil {
		return Handover{}, err
	}
	for _, text := range lost {
		s, err := statement.ParseKind[*statement.Lost](text)
		if err != nil {
			return Handover{}, err
		}
		h.Lost = append(h.Lost, s)
	}
	return h, nil
}

// Encode writes the handover as JSON.
func (h Handover) Encode() ([]byte, error) { return encode(h.text()) }

func (h Handover) text() handoverText {
	lost := make([]string, len(h.Lost))
	for i, s := range h.Lost {
		lost[i] = s.Text()
	}
	raw, _ := json.Marshal(lost) // the texts of statements are ASCII
	return handoverText{List: h.List.Text(), Lost: raw, Claim: h.Claim.Text()}
}

func (h Handover) size() int {
	n := len(h.List.Text()) + len(h.Claim.Text())
	for _, s := range h.Lost {
		n += len(s.Text())
	}
	return n
}

// Encode writes what, beside the create statement, proves the tenure: the handovers as a JSON list.
func (t Tenure) Encode() ([]byte, error) { return encode(lineText(t.Line)) }

// ParseTenure reads what Tenure.Encode wrote and checks all of it again. No bytes are the tenure of the first host.
// Refused: claim-invalid for what is no list of handovers, statements as by statement.ParseKind, the rest as by
// Tenure.Advance.
func ParseTenure(create statement.Statement, data []byte) (Tenure, error) {
	t := First(create)
	if len(data) == 0 {
		return t, nil
	}
	if len(data) > maxLine {
		return Tenure{}, reason.Reject(reason.ClaimInvalid, "handovers of %d bytes", len(data))
	}
	return t.advanceAll(data)
}

// advanceAll is the tenure after the handovers of a JSON list.
func (t Tenure) advanceAll(raw jsontext.Value) (Tenure, error) {
	line, err := readList[handoverText](raw, MaxHandovers)
	if err != nil {
		return Tenure{}, reason.Reject(reason.ClaimInvalid, "handovers: %v", err)
	}
	for _, text := range line {
		h, err := text.parse()
		if err != nil {
			return Tenure{}, err
		}
		if t, err = t.Advance(h); err != nil {
			return Tenure{}, err
		}
	}
	return t, nil
}

func lineText(line []Handover) []handoverText {
	texts := make([]handoverText, len(line))
	for i, h := range line {
		texts[i] = h.text()
	}
	return texts
}

func encode(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("rooms: encoding: %w", err)
	}
	return data, nil
}

// readList reads a JSON list of at most limit elements; absent and null are the empty one. It stops at the first element
// too many: a list of a million empty strings costs nothing.
func readList[T any](raw jsontext.Value, limit int) ([]T, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	switch token, err := d.ReadToken(); {
	case err != nil:
		return nil, err
	case token.Kind() == jsontext.KindNull:
		return nil, nil
	case token.Kind() != jsontext.KindBeginArray:
		return nil, errors.New("not a list")
	}
	var list []T
	for d.PeekKind() != jsontext.KindEndArray {
		if len(list) == limit {
			return nil, fmt.Errorf("more than %d elements", limit)
		}
		var e T
		if err := json.UnmarshalDecode(d, &e); err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	if _, err := d.ReadToken(); err != nil { // the bracket
		return nil, err
	}
	if d.PeekKind() != jsontext.KindInvalid {
		return nil, errors.New("something after the list")
	}
	return list, nil
}
