package rooms

import (
	"cmp"
	"slices"

	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// Tenure is who hosts a room, and the proof of it: the create statement names the first host, each handover the next.
// It is a value, made by First, Tenure.Advance, Tenure.Claim and ParseTenure and by nothing else. Two nodes may hold
// different tenures of one room, after a partition; Compare then says whose counts.
type Tenure struct {
	Room  statement.ID
	Epoch int64 // from 1; rises with every handover
	Host  identity.PublicKey
	Line  []Handover // the proof, the first handover first; never modified in place

	steps []step // one for each of Line: what comparing needs of it
}

// step is what a handover weighs.
type step struct {
	claim  statement.ID
	host   identity.PublicKey // the claimant
	epoch  int64
	issued int64 // when it was claimed, Unix seconds
	signed int   // nodes that signed lost
	listed int   // nodes on the list
	list   int64 // the number of the list
	place  int   // the claimant's on it, from 0
}

// First is the tenure of the host that a create statement names. The zero Tenure if it is no create statement.
func First(create statement.Statement) Tenure {
	body, ok := create.Body().(*statement.Create)
	if !ok {
		return Tenure{}
	}
	return Tenure{Room: create.ID(), Epoch: 1, Host: body.Node}
}

// CheckList refuses, with claim-invalid, a succession list that is not the present host's for this room and epoch, or
// that names the host itself.
func (t Tenure) CheckList(list statement.Statement) error {
	body, ok := list.Body().(*statement.Succession)
	switch {
	case !ok:
		return reason.Reject(reason.ClaimInvalid, "%q is not a succession", list.Kind())
	case body.Room != t.Room || body.Epoch != t.Epoch || list.Signer() != t.Host:
		return reason.Reject(reason.ClaimInvalid, "the list is not the host's for this room and epoch %d", t.Epoch)
	case slices.Contains(body.Nodes, t.Host):
		return reason.Reject(reason.ClaimInvalid, "the host is on its own list")
	}
	return nil
}

// CheckLost refuses, with claim-invalid, a statement that does not say that the present host is lost, or whose signer
// is not on the list.
func (t Tenure) CheckLost(list, lost statement.Statement) error {
	if err := t.CheckList(list); err != nil {
		return err
	}
	body, ok := lost.Body().(*statement.Lost)
	switch {
	case !ok:
		return reason.Reject(reason.ClaimInvalid, "%q is not a lost", lost.Kind())
	case body.Room != t.Room || body.Epoch != t.Epoch || body.Host != t.Host:
		return reason.Reject(reason.ClaimInvalid, "lost is not said of the host of epoch %d", t.Epoch)
	case !slices.Contains(list.Body().(*statement.Succession).Nodes, lost.Signer()):
		return reason.Reject(reason.ClaimInvalid, "lost is said by a node that is not listed")
	}
	return nil
}

// Advance is the tenure after a handover. It judges who may claim, not whether the claim prevails. Refused:
// claim-not-listed for a claimant who is not on the list; claim-epoch unless the epoch rises, by statement.MaxEpochs at
// most; claim-invalid for anything else: a list of another host, room or epoch, lost statements that are not about
// this host or not by distinct listed nodes, that are not those the claim names in that order, or without the
// claimant's own; a handover too many.
func (t Tenure) Advance(h Handover) (Tenure, error) {
	if len(t.Line) >= MaxHandovers {
		return Tenure{}, reason.Reject(reason.ClaimInvalid, "more than %d handovers", MaxHandovers)
	}
	if err := t.CheckList(h.List); err != nil {
		return Tenure{}, err
	}
	list := h.List.Body().(*statement.Succession)
	claim, ok := h.Claim.Body().(*statement.Claim)
	if !ok || claim.Room != t.Room || claim.List != h.List.ID() {
		return Tenure{}, reason.Reject(reason.ClaimInvalid, "not a claim of this room by this list")
	}
	place := slices.Index(list.Nodes, h.Claim.Signer())
	if place < 0 {
		return Tenure{}, reason.Reject(reason.ClaimNotListed, "%s", h.Claim.Signer())
	}
	if claim.Epoch <= t.Epoch || claim.Epoch > t.Epoch+statement.MaxEpochs {
		return Tenure{}, reason.Reject(reason.ClaimEpoch, "epoch %d after %d", claim.Epoch, t.Epoch)
	}
	if err := t.checkSignatures(h, claim); err != nil {
		return Tenure{}, err
	}
	s := step{
		claim: h.Claim.ID(), host: h.Claim.Signer(), epoch: claim.Epoch, issued: claim.IssuedAt,
		signed: len(h.Lost), listed: len(list.Nodes), list: list.Number, place: place,
	}
	return Tenure{
		Room: t.Room, Epoch: claim.Epoch, Host: s.host,
		Line: with(t.Line, h), steps: with(t.steps, s),
	}, nil
}

// checkSignatures holds a claim to the lost statements that come with it.
func (t Tenure) checkSignatures(h Handover, claim *statement.Claim) error {
	if len(h.Lost) != len(claim.Lost) {
		return reason.Reject(reason.ClaimInvalid, "%d lost statements for %d in the claim", len(h.Lost), len(claim.Lost))
	}
	var signers []identity.PublicKey
	for i, lost := range h.Lost {
		if err := t.CheckLost(h.List, lost); err != nil {
			return err
		}
		if lost.ID() != claim.Lost[i] || slices.Contains(signers, lost.Signer()) {
			return reason.Reject(reason.ClaimInvalid, "a lost statement the claim does not name, or two of one node")
		}
		signers = append(signers, lost.Signer())
	}
	if !slices.Contains(signers, h.Claim.Signer()) {
		return reason.Reject(reason.ClaimInvalid, "the claimant has not said that the host is lost")
	}
	return nil
}

// Claim makes signer the next host, at the given time in Unix seconds: the handover, and the tenure it leads to. Its
// epoch is ClaimEpoch of the signer's place, and the lost statements are put in the order of the list. Refused as by
// Advance.
func (t Tenure) Claim(list statement.Statement, lost []statement.Statement, at int64, signer identity.Signer) (Tenure, error) {
	if err := t.CheckList(list); err != nil {
		return Tenure{}, err
	}
	nodes := list.Body().(*statement.Succession).Nodes
	place := slices.Index(nodes, signer.Public())
	if place < 0 {
		return Tenure{}, reason.Reject(reason.ClaimNotListed, "%s", signer.Public())
	}
	lost = slices.SortedStableFunc(slices.Values(lost), func(a, b statement.Statement) int {
		return cmp.Compare(slices.Index(nodes, a.Signer()), slices.Index(nodes, b.Signer()))
	})
	body := &statement.Claim{Room: t.Room, IssuedAt: at, Epoch: ClaimEpoch(t.Epoch, place), List: list.ID()}
	for _, s := range lost {
		body.Lost = append(body.Lost, s.ID())
	}
	claim, err := statement.Sign(body, signer)
	if err != nil {
		return Tenure{}, err
	}
	return t.Advance(Handover{List: list, Lost: lost, Claim: claim})
}

// Renew makes the last claim once more with lost statements that have come since, by the same host and in the same
// epoch, but with more weight. Nodes that notice the loss later than the claimant send theirs: they are used at once.
// Those that a rival gathered are used later: see [Rivals]. Statements that do not count, or are in the
// claim already, are left out; false when none is left, or signer is not the host.
func (t Tenure) Renew(lost []statement.Statement, at int64, signer identity.Signer) (Tenure, bool) {
	before, ok := t.Before()
	fresh := t.unclaimed(lost)
	if !ok || signer.Public() != t.Host || len(fresh) == 0 {
		return t, false
	}
	last := t.Line[len(t.Line)-1]
	renewed, err := before.Claim(last.List, slices.Concat(last.Lost, fresh), at, signer)
	return renewed, err == nil
}

// unclaimed are those lost statements that would count for the last claim and are not in it, one of each node.
func (t Tenure) unclaimed(lost []statement.Statement) (fresh []statement.Statement) {
	before, ok := t.Before()
	if !ok {
		return nil
	}
	last := t.Line[len(t.Line)-1]
	for _, s := range lost {
		by := func(other statement.Statement) bool { return other.Signer() == s.Signer() }
		if before.CheckLost(last.List, s) == nil && !slices.ContainsFunc(last.Lost, by) && !slices.ContainsFunc(fresh, by) {
			fresh = append(fresh, s)
		}
	}
	return fresh
}

// Before is the tenure that the last handover ended; false for the first host's.
func (t Tenure) Before() (Tenure, bool) {
	n := len(t.Line) - 1
	if n < 0 {
		return Tenure{}, false
	}
	list := t.Line[n].List
	return Tenure{
		Room: t.Room, Epoch: list.Body().(*statement.Succession).Epoch, Host: list.Signer(),
		Line: slices.Clip(t.Line[:n]), steps: slices.Clip(t.steps[:n]),
	}, true
}
