package node

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/invites"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// people answers for profiles and pictures: those of this community from the store, those of others from the nodes that
// know them. A member's client asks this node and nobody else, so no other node learns who looks at whom.
type people struct {
	community *community
	hallway   *hallway // set before anybody asks
	fetch     func(ctx context.Context, from identity.PublicKey, origin, path string) ([]byte, error)
	siblings  func() []identity.PublicKey
	now       func() time.Time
	log       *slog.Logger

	// What is known of people of other communities is for showing only, and so kept in memory, and bounded.
	strangers *lru.Cache[identity.PublicKey, stranger]
	sources   *lru.Cache[string, identity.PublicKey]             // who told of a picture or a person, by its path
	homes     *lru.Cache[identity.PublicKey, identity.PublicKey] // of people of other communities; proven by a chain
	sought    *lru.Cache[identity.PublicKey, time.Time]          // whose home was looked for, and when
	seeking   chan struct{}                                      // a place for each that is looked for now
	pictures  *pictureCache
	flights   singleflight.Group

	changes sync.Mutex // held while a profile changes
}

// stranger is somebody of another community.
type stranger struct {
	profile api.Profile
	at      time.Time
}

// Bounds of what is remembered of people of other communities.
const (
	maxStrangers  = 2_000
	maxTold       = 20_000
	maxPictures   = 16 << 20 // bytes
	strangerFresh = 5 * time.Minute
	personWithin  = 10 * time.Second
	originPeople  = "people" // in the place of a log's origin
	pathPerson    = "person/"
	pathPicture   = "picture/"
	onlyKept      = "kept/" // before a path that is not to be asked on for: whoever asks has asked on already
)

func newPeople(c *community, log *slog.Logger) (*people, error) {
	p := &people{community: c, now: c.now, log: log, pictures: newPictureCache(maxPictures), seeking: make(chan struct{}, maxSeeking)}
	var err error
	if p.strangers, err = lru.New[identity.PublicKey, stranger](maxStrangers); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	if p.sources, err = lru.New[string, identity.PublicKey](maxTold); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	if p.sought, err = lru.New[identity.PublicKey, time.Time](maxTold); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	if p.homes, err = lru.New[identity.PublicKey, identity.PublicKey](maxTold); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	return p, nil
}

// heard notes where somebody of another community, whom this node shows its members, can be asked about.
func (p *people) heard(m api.Member, from identity.PublicKey) {
	if p.community.names.member(m.Key).Name != "" {
		return
	}
	p.sources.Add(pathPerson+m.Key.String(), from)
	if m.Picture != (statement.Commitment{}) {
		p.sources.Add(pathPicture+m.Picture.String(), from)
	}
}

// home is the node by which somebody of another community was seen last: one of their community's.
func (p *people) home(key identity.PublicKey) (identity.PublicKey, bool) { return p.homes.Get(key) }

// How often somebody's home is looked for, at how many nodes, and for how many people at once.
const (
	seekEvery  = 10 * time.Minute
	seekAt     = 32
	maxSeeking = 4
)

// seek looks for the home of somebody of another community among the nodes that this one is connected to, without waiting.
func (p *people) seek(key identity.PublicKey) {
	if last, ok := p.sought.Get(key); ok && p.now().Sub(last) < seekEvery {
		return
	}
	select {
	case p.seeking <- struct{}{}:
	default:
		return // the next time
	}
	p.sought.Add(key, p.now())
	peers := p.hallway.nodes.host.Peers()
	go func() {
		defer func() { <-p.seeking }()
		for _, peer := range peers[:min(len(peers), seekAt)] {
			if _, err := p.ask(p.hallway.nodes.ctx, key, peer.Key); err == nil {
				p.hallway.nodes.found(key)
				return
			}
		}
	}()
}

// known is somebody with the name and picture that this node knows of them now; perhaps none.
func (p *people) known(key identity.PublicKey) api.Member {
	if s, ok := p.strangers.Peek(key); ok {
		return s.profile.Member
	}
	return p.community.names.member(key)
}

// People implements server.People.
func (p *people) People(_ context.Context, query string, offset, limit int) (api.People, error) {
	state, founded := p.community.journal.fold()
	if !founded {
		return api.People{}, reason.Reject(reason.FoundedNot, "")
	}
	return p.community.names.find(query, offset, limit, func(key identity.PublicKey) bool {
		_, is := state.Member(key)
		return is
	}), nil
}

// Person implements server.People.
func (p *people) Person(ctx context.Context, key identity.PublicKey, from *identity.PublicKey) (api.Profile, error) {
	profile, err := p.person(ctx, key, from)
	if err != nil {
		return profile, err
	}
	profile.Upcoming = p.hallway.nodes.plans.plannedBy(key)
	profile.Rooms = []api.Room{}
	for _, room := range p.hallway.List() {
		if room.Creator.Key == key || containsMember(room.Speakers, key) {
			profile.Rooms = append(profile.Rooms, room)
		}
	}
	return profile, nil
}

func containsMember(list []api.Member, key identity.PublicKey) bool {
	for _, m := range list {
		if m.Key == key {
			return true
		}
	}
	return false
}

func (p *people) person(ctx context.Context, key identity.PublicKey, from *identity.PublicKey) (api.Profile, error) {
	if profile, ok, err := p.own(key); ok || err != nil {
		return profile, err
	}
	known, have := p.strangers.Get(key)
	if have && p.now().Sub(known.at) < strangerFresh {
		return known.profile, nil
	}
	source, heardOf := p.sources.Get(pathPerson + key.String())
	if from != nil && !heardOf {
		source, heardOf = *from, true
	}
	if !heardOf || source == p.community.self.Node {
		if have {
			return known.profile, nil
		}
		return api.Profile{}, reason.Reject(reason.PersonUnknown, "%s", key)
	}
	profile, err := p.ask(ctx, key, source)
	if err != nil && have {
		return known.profile, nil // what was known a while ago is better than nothing
	}
	return profile, err
}

// own is the profile of a member of this community.
func (p *people) own(key identity.PublicKey) (api.Profile, bool, error) {
	state, founded := p.community.journal.fold()
	if !founded {
		return api.Profile{}, false, nil
	}
	member, is := state.Member(key)
	if !is {
		return api.Profile{}, false, nil
	}
	out := api.Profile{
		Community: p.community.about(state), Home: p.community.self.Node, Founder: member.Founder, Joined: member.Admitted * 1000,
	}
	out.Key = key
	for _, k := range state.Lineage(key) {
		out.Chain = append(out.Chain, p.community.names.member(k))
	}
	stored, ok, err := p.community.journal.store.Profile(key)
	if err != nil {
		return out, true, fmt.Errorf("node: %w", err)
	}
	if ok {
		st, err := statement.ParseKind[*statement.Profile](stored.Text)
		if err != nil {
			return out, true, fmt.Errorf("node: the profile of %s: %w", key, err)
		}
		say(&out, st)
	}
	complete(&out)
	return out, true, nil
}

// say puts into a profile what its person says.
func say(out *api.Profile, st statement.Statement) {
	said := st.Body().(*statement.Profile)
	out.Name, out.Picture, out.Bio, out.Statement = said.Name, said.Picture, said.Bio, st.Text()
	out.Links, out.Topics, out.Languages = said.Links, said.Topics, said.Languages
}

// complete makes lists out of those that are absent.
func complete(out *api.Profile) {
	for _, list := range []*[]string{&out.Links, &out.Topics, &out.Languages} {
		*list = append([]string{}, *list...)
	}
	out.Chain, out.Rooms, out.Upcoming = append([]api.Member{}, out.Chain...), []api.Room{}, []api.Scheduled{}
}

// introduction is what one node tells another of a member of its community: their own word, and what proves the rest.
type introduction struct {
	Profile string                        `json:"profile"`
	Chain   jsontext.Value                `json:"chain"` // an export of their invite chain
	Names   map[identity.PublicKey]string `json:"names"` // of the people in it, not signed
	Name    statement.Text                `json:"name"`  // the community's, that its rules commit to
	Home    identity.PublicKey            `json:"home"`  // the node that says this, not signed
}

// introduce tells another node of a member of this community.
func (p *people) introduce(key identity.PublicKey) ([]byte, error) {
	profile, ok, err := p.own(key)
	if err == nil && (!ok || profile.Statement == "") {
		err = reason.Reject(reason.PersonUnknown, "%s", key)
	}
	if err != nil {
		return nil, err
	}
	export, err := p.community.journal.export(key)
	if err != nil {
		return nil, err
	}
	in := introduction{Profile: profile.Statement, Names: map[identity.PublicKey]string{}, Home: profile.Home}
	if in.Chain, err = export.Encode(); err != nil {
		return nil, err
	}
	for _, m := range profile.Chain {
		in.Names[m.Key] = m.Name
	}
	if in.Name, _, err = p.community.journal.store.Text(profile.Community.Rules.Name); err != nil {
		return nil, err
	}
	return json.Marshal(in)
}

// ask fetches somebody's profile from another node, and checks all of it that can be checked.
func (p *people) ask(ctx context.Context, key, source identity.PublicKey) (api.Profile, error) {
	got, err, _ := p.flights.Do(pathPerson+key.String(), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), personWithin)
		defer cancel()
		raw, err := p.fetch(ctx, source, originPeople, pathPerson+key.String())
		if err != nil {
			p.log.Debug("a profile cannot be had", "person", key, "from", source, "error", err)
			return api.Profile{}, reason.Reject(reason.PersonUnknown, "%v", err)
		}
		profile, err := readIntroduction(raw, key)
		if err != nil {
			p.log.Warn("another node introduces somebody wrongly", "person", key, "from", source, "error", err)
			return api.Profile{}, reason.Reject(reason.PersonUnknown, "%v", err)
		}
		p.strangers.Add(key, stranger{profile: profile, at: p.now()})
		p.homes.Add(key, profile.Home)
		p.heard(profile.Member, source)
		return profile, nil
	})
	if err != nil {
		return api.Profile{}, err
	}
	return got.(api.Profile), nil
}

// readIntroduction believes the member's signature for what they say, and the log for who answers for them.
func readIntroduction(raw []byte, key identity.PublicKey) (api.Profile, error) {
	var in introduction
	if err := json.Unmarshal(raw, &in); err != nil {
		return api.Profile{}, fmt.Errorf("not an introduction: %w", err)
	}
	st, err := statement.ParseKind[*statement.Profile](in.Profile)
	if err != nil {
		return api.Profile{}, err
	}
	said := st.Body().(*statement.Profile)
	if err := api.CheckProfile(said); err != nil {
		return api.Profile{}, err
	}
	report, err := invites.VerifyExport(in.Chain)
	if err != nil {
		return api.Profile{}, err
	}
	member, is := report.State.Member(key)
	rules, ruled := report.State.Rules()
	home, there := report.State.Node(in.Home)
	switch {
	case !there || home.Revoked:
		return api.Profile{}, reason.Reject(reason.ChainInvalid, "%s is no node of theirs", in.Home)
	case st.Signer() != key || report.Member != key || !is || said.Community != report.Community:
		return api.Profile{}, reason.Reject(reason.ChainInvalid, "it is another's")
	case !ruled || in.Name.Commitment() != rules.Name:
		return api.Profile{}, reason.Reject(reason.TextMismatch, "the community has another name")
	}
	if err := api.CheckCommunityName(in.Name.Text); err != nil {
		return api.Profile{}, err
	}
	out := api.Profile{
		Community: api.Community{ID: report.Community, Name: in.Name.Text, Entry: rules.Entry, Rules: rules},
		Founder:   member.Founder, Joined: member.Admitted * 1000, Home: in.Home,
	}
	out.Key = key
	for _, k := range report.Lineage {
		m := api.Member{Key: k, Name: in.Names[k]}
		if api.CheckName(m.Name) != nil {
			m.Name = ""
		}
		out.Chain = append(out.Chain, m)
	}
	say(&out, st)
	complete(&out)
	return out, nil
}

// read answers another node. What this node only heard of it asks on for, once, so that who is in a room can ask its host.
func (p *people) read(from identity.PublicKey, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), personWithin)
	defer cancel()
	path, only := strings.CutPrefix(path, onlyKept)
	if name, is := strings.CutPrefix(path, pathPicture); is {
		var digest statement.Commitment
		if err := digest.UnmarshalText([]byte(name)); err != nil {
			return nil, reason.Reject(reason.PictureUnknown, "%v", err)
		}
		return p.picture(ctx, digest, from, !only)
	}
	key, err := identity.ParseDID(strings.TrimPrefix(path, pathPerson))
	if err != nil || !strings.HasPrefix(path, pathPerson) {
		return nil, reason.Reject(reason.NotFound, "%s", path)
	}
	raw, err := p.introduce(key)
	if err == nil || only {
		return raw, err
	}
	if source, heard := p.sources.Get(path); heard && source != from && source != p.community.self.Node {
		return p.fetch(ctx, source, originPeople, onlyKept+path)
	}
	return nil, err
}

// SetProfile implements server.People. Everybody who sees the member in a room learns of another name or picture.
func (p *people) SetProfile(_ context.Context, member identity.PublicKey, req api.ChangeProfile) (api.Member, error) {
	state, founded := p.community.journal.fold()
	if !founded {
		return api.Member{}, reason.Reject(reason.FoundedNot, "")
	}
	st, said, err := p.community.profile(req.Profile, member, state.Community(), p.now())
	if err != nil {
		return api.Member{}, err
	}
	if said.Picture != (statement.Commitment{}) {
		_, there, err := p.community.journal.store.Private(member, ownPicture+said.Picture.String())
		switch {
		case err != nil:
			return api.Member{}, err
		case !there && said.Picture != p.community.names.member(member).Picture:
			return api.Member{}, reason.Reject(reason.PictureUnknown, "%s", said.Picture)
		}
	}
	if err := p.takeProfile(st); err != nil {
		return api.Member{}, err
	}
	p.hallway.nodes.tellSiblings(st) //nolint:contextcheck // telling outlives the request
	return p.community.names.member(member), nil
}

// takeProfile stores a profile of a member that is newer than the one that is here.
func (p *people) takeProfile(st statement.Statement) error {
	said, member := st.Body().(*statement.Profile), st.Signer()
	p.changes.Lock()
	defer p.changes.Unlock()
	stored, ok, err := p.community.journal.store.Profile(member)
	if err != nil || ok && stored.Text == st.Text() {
		return err
	}
	if ok && said.IssuedAt < p.community.names.issued(member) {
		return reason.Reject(reason.ProfileStale, "signed at %d, the stored one at %d", said.IssuedAt, p.community.names.issued(member))
	}
	b := storage.Batch{Profiles: []statement.Statement{st}}
	if err := p.dropPictures(&b, member, said.Picture); err != nil {
		return err
	}
	if err := p.community.journal.store.Commit(b); err != nil {
		return err
	}
	if p.community.names.set(member, said) {
		p.hallway.renamed(st)
	}
	return nil
}
