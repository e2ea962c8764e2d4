package server

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
)

// People is what the server asks about people: members of the community, and those whom they meet elsewhere.
type People interface {
	// People is a page of the members whose names hold a text, whatever its accents and capitals; all for "".
	People(ctx context.Context, query string, offset, limit int) (api.People, error)
	// Person is somebody's profile. For somebody of another community, from is a node that knows them; nil: perhaps it
	// is known here.
	Person(ctx context.Context, key identity.PublicKey, from *identity.PublicKey) (api.Profile, error)
	// Picture is a picture by its digest, with its media type. It fetches one that was heard of.
	Picture(ctx context.Context, digest statement.Commitment) (media string, data []byte, err error)
	// SetProfile replaces a member's profile.
	SetProfile(ctx context.Context, member identity.PublicKey, req api.ChangeProfile) (api.Member, error)
	// SetPicture keeps a picture for the member's next profile.
	SetPicture(ctx context.Context, member identity.PublicKey, data []byte) (api.Picture, error)
}

// Own is what the server asks about what the node keeps for one member alone.
type Own interface {
	// Settings are a member's wishes.
	Settings(member identity.PublicKey) (api.Settings, error)
	// SetSettings replaces them.
	SetSettings(member identity.PublicKey, s api.Settings) (api.Settings, error)
	// Relations are all that a member has with others.
	Relations(member identity.PublicKey) (api.Relations, error)
	// SetRelation replaces what a member has with one other person.
	SetRelation(member, who identity.PublicKey, r api.Relation) (api.Relation, error)
}

type (
	peoplePage struct {
		Query  string `query:"q" doc:"A part of the name, whatever its accents and capitals."`
		Offset int    `query:"offset" minimum:"0" maximum:"10000000" default:"0"`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	}
	personPath struct {
		Key  string `path:"key" doc:"The person's did:key."`
		From string `query:"from" doc:"For somebody of another community: the did:key of a node that knows them, such as their home."`
	}
	relationPath struct {
		Key  string `path:"key" doc:"The person's did:key."`
		Body api.Relation
	}
	picturePath struct {
		Digest string `path:"digest" doc:"The SHA-256 of the picture's bytes."`
	}
	pictureBody struct {
		RawBody []byte `contentType:"image/*"`
	}
	pictureAnswer struct {
		ContentType  string `header:"Content-Type" hidden:"true"`
		CacheControl string `header:"Cache-Control" hidden:"true"`
		Body         []byte
	}
)

// peopleRoutes declares the operations about people.
func (s *Server) peopleRoutes(a huma.API) {
	if s.people == nil || s.own == nil {
		return
	}
	add(a, member(get(api.PathPeople, "listPeople", "A page of the members of the community")), s.listPeople)
	add(a, member(costly(get(api.PathPerson, "getPerson", "Somebody's profile"))), s.getPerson)
	add(a, image(get(api.PathPicture, "getPicture", "A picture")), s.getPicture)
	add(a, member(acts(post(api.PathMyProfile, "setProfile", "Replace one's profile", http.StatusOK))), s.setProfile)
	add(a, member(acts(imageBody(post(api.PathMyPicture, "setPicture", "Send a picture for one's next profile", http.StatusCreated)))), s.setPicture)
	add(a, member(get(api.PathMySettings, "getSettings", "What one wants of one's node")), s.getSettings)
	add(a, member(acts(post(api.PathMySettings, "setSettings", "Replace what one wants of one's node", http.StatusOK))), s.setSettings)
	add(a, member(get(api.PathMyPeople, "getRelations", "What one has with others")), s.getRelations)
	add(a, member(acts(post(api.PathMyPerson, "setRelation", "Follow, block, mute, or play more quietly", http.StatusOK))), s.setRelation)
}

// image makes the answer an image.
func image(op huma.Operation) huma.Operation {
	content := map[string]*huma.MediaType{}
	for _, media := range api.PictureMedia() {
		content[media] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	op.Responses["200"] = &huma.Response{Description: "The picture. What a digest names never changes.", Content: content}
	return op
}

// imageBody takes an image in.
func imageBody(op huma.Operation) huma.Operation {
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
	for _, media := range api.PictureMedia() {
		op.RequestBody.Content[media] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	return op
}

// pathKey reads a key from a path or a query.
func pathKey(text string) (identity.PublicKey, error) {
	key, err := identity.ParseDID(text)
	if err != nil {
		return key, reason.Reject(reason.PersonUnknown, "no did:key")
	}
	return key, nil
}

func (s *Server) listPeople(ctx context.Context, in *peoplePage) (*body[api.People], error) {
	if err := api.CheckSearch(in.Query); err != nil {
		return nil, err
	}
	return answer(s.people.People(ctx, in.Query, in.Offset, in.Limit))
}

func (s *Server) getPerson(ctx context.Context, in *personPath) (*body[api.Profile], error) {
	key, err := pathKey(in.Key)
	if err != nil {
		return nil, err
	}
	if in.From == "" {
		return answer(s.people.Person(ctx, key, nil))
	}
	from, err := pathKey(in.From)
	if err != nil {
		return nil, err
	}
	return answer(s.people.Person(ctx, key, &from))
}

// getPicture needs no session: images of a page carry none. Who does not know the digest, which is in what members see,
// cannot ask for it.
func (s *Server) getPicture(ctx context.Context, in *picturePath) (*pictureAnswer, error) {
	var digest statement.Commitment
	if err := digest.UnmarshalText([]byte(in.Digest)); err != nil {
		return nil, reason.Reject(reason.PictureUnknown, "the path holds no digest")
	}
	media, data, err := s.people.Picture(ctx, digest)
	if err != nil {
		return nil, err
	}
	return &pictureAnswer{ContentType: media, CacheControl: "private, max-age=604800, immutable", Body: data}, nil
}

func (s *Server) setProfile(ctx context.Context, in *body[api.ChangeProfile]) (*body[api.Member], error) {
	who := sessionOf(ctx).member
	out, err := s.people.SetProfile(ctx, who, in.Body)
	if err == nil {
		s.mine.tell(who)
	}
	return answer(out, err)
}

func (s *Server) setPicture(ctx context.Context, in *pictureBody) (*body[api.Picture], error) {
	return answer(s.people.SetPicture(ctx, sessionOf(ctx).member, in.RawBody))
}

func (s *Server) getSettings(ctx context.Context, _ *none) (*body[api.Settings], error) {
	return answer(s.own.Settings(sessionOf(ctx).member))
}

func (s *Server) setSettings(ctx context.Context, in *body[api.Settings]) (*body[api.Settings], error) {
	if err := in.Body.Check(); err != nil {
		return nil, err
	}
	who := sessionOf(ctx).member
	out, err := s.own.SetSettings(who, in.Body)
	if err == nil {
		s.mine.tell(who)
	}
	return answer(out, err)
}

func (s *Server) getRelations(ctx context.Context, _ *none) (*body[api.Relations], error) {
	return answer(s.own.Relations(sessionOf(ctx).member))
}

func (s *Server) setRelation(ctx context.Context, in *relationPath) (*body[api.Relation], error) {
	key, err := pathKey(in.Key)
	if err != nil {
		return nil, err
	}
	if err := in.Body.Check(); err != nil {
		return nil, err
	}
	who := sessionOf(ctx).member
	if key == who {
		return nil, reason.Reject(reason.PersonSelf, "")
	}
	out, err := s.own.SetRelation(who, key, in.Body)
	if err == nil {
		s.mine.tell(who)
	}
	return answer(out, err)
}

// mine tells a member's connections that something of theirs has changed, perhaps on another of their devices.
type mine struct {
	mu      sync.Mutex
	waiting map[identity.PublicKey][]chan struct{} // a token each; guarded by mu
}

func newMine() *mine { return &mine{waiting: map[identity.PublicKey][]chan struct{}{}} }

// watch gets a token after each change, until stop.
func (m *mine) watch(member identity.PublicKey) (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting[member] = append(m.waiting[member], c)
	return c, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		left := slices.DeleteFunc(m.waiting[member], func(other chan struct{}) bool { return other == c })
		if m.waiting[member] = left; len(left) == 0 {
			delete(m.waiting, member)
		}
	}
}

// tell gives a token to each connection of a member that has none.
func (m *mine) tell(member identity.PublicKey) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.waiting[member] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
