package node

import (
	"container/list"
	"context"
	"slices"
	"sync"

	"github.com/stoa-rooms/stoa/api"
	"github.com/stoa-rooms/stoa/identity"
	"github.com/stoa-rooms/stoa/reason"
	"github.com/stoa-rooms/stoa/statement"
	"github.com/stoa-rooms/stoa/storage"
)

// Picture implements server.People.
func (p *people) Picture(ctx context.Context, digest statement.Commitment) (media string, data []byte, err error) {
	data, err = p.picture(ctx, digest, identity.PublicKey{}, true)
	if err != nil {
		return "", nil, err
	}
	return api.PictureKind(data), data, nil // it was checked when it came
}

// picture finds a picture here or, if it may ask on, at the node that told of it.
func (p *people) picture(ctx context.Context, digest statement.Commitment, asker identity.PublicKey, onward bool) ([]byte, error) {
	if data, ok, err := p.here(digest); ok || err != nil {
		return data, err
	}
	if !onward {
		return nil, reason.Reject(reason.PictureUnknown, "%s", digest)
	}
	path := pathPicture + digest.String()
	var from []identity.PublicKey
	if source, heard := p.sources.Get(path); heard {
		from = append(from, source)
	} else if len(p.community.names.pictured(digest)) > 0 { // a member's, who sent it to another node of the community
		from = p.siblings()
	}
	if !asker.IsZero() {
		path = onlyKept + path
	}
	from = slices.DeleteFunc(from, func(n identity.PublicKey) bool { return n == asker || n == p.community.self.Node })
	got, err, _ := p.flights.Do(path, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), personWithin)
		defer cancel()
		return p.fetchPicture(ctx, digest, from, path)
	})
	if err != nil {
		return nil, err
	}
	return got.([]byte), nil
}

// fetchPicture asks other nodes for a picture until one has it.
func (p *people) fetchPicture(ctx context.Context, digest statement.Commitment, from []identity.PublicKey, path string) ([]byte, error) {
	for _, source := range from {
		data, err := p.fetch(ctx, source, originPeople, path)
		if err == nil && api.DigestOf(data) != digest {
			err = reason.Reject(reason.PictureInvalid, "it has another digest")
		}
		if err == nil {
			_, err = api.CheckPicture(data)
		}
		if err == nil {
			p.pictures.add(digest, data)
			return data, nil
		}
		p.log.Debug("a picture cannot be had", "picture", digest, "from", source, "error", err)
	}
	return nil, reason.Reject(reason.PictureUnknown, "%s", digest)
}

// here is a picture that is here.
func (p *people) here(digest statement.Commitment) ([]byte, bool, error) {
	for _, member := range p.community.names.pictured(digest) {
		data, ok, err := p.community.journal.store.Private(member, ownPicture+digest.String())
		if ok || err != nil {
			return data, ok, err
		}
	}
	data, ok := p.pictures.get(digest)
	return data, ok, nil
}

// SetPicture implements server.People. What a member sent before and does not use gives way.
func (p *people) SetPicture(_ context.Context, member identity.PublicKey, data []byte) (api.Picture, error) {
	if _, err := api.CheckPicture(data); err != nil {
		return api.Picture{}, err
	}
	digest := api.DigestOf(data)
	used := p.community.names.member(member).Picture
	b := storage.Batch{Private: []storage.Private{{Member: member, Name: ownPicture + digest.String(), Value: data}}}
	err := p.dropPictures(&b, member, digest, used)
	if err == nil {
		err = p.community.journal.store.Commit(b)
	}
	return api.Picture{Digest: digest}, err
}

// dropPictures adds to a batch that a member's pictures go, but for some.
func (p *people) dropPictures(b *storage.Batch, member identity.PublicKey, but ...statement.Commitment) error {
	keep := map[string]bool{}
	for _, digest := range but {
		keep[ownPicture+digest.String()] = true
	}
	for kept, err := range p.community.journal.store.PrivatesUnder(member, ownPicture) {
		if err != nil {
			return err
		}
		if !keep[kept.Name] {
			b.Private = append(b.Private, storage.Private{Member: member, Name: kept.Name})
		}
	}
	return nil
}

// pictureCache keeps pictures of people of other communities, so many bytes of them; those unseen for longest go first.
type pictureCache struct {
	most int

	mu       sync.Mutex
	size     int                                    // bytes; guarded by mu
	byDigest map[statement.Commitment]*list.Element // guarded by mu
	recent   *list.List                             // of cachedPicture, the last used in front; guarded by mu
}

type cachedPicture struct {
	digest statement.Commitment
	data   []byte
}

func newPictureCache(most int) *pictureCache {
	return &pictureCache{most: most, byDigest: map[statement.Commitment]*list.Element{}, recent: list.New()}
}

func (c *pictureCache) get(digest statement.Commitment) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byDigest[digest]
	if !ok {
		return nil, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(cachedPicture).data, true
}

func (c *pictureCache) add(digest statement.Commitment, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.byDigest[digest]; there {
		return
	}
	c.byDigest[digest] = c.recent.PushFront(cachedPicture{digest, data})
	for c.size += len(data); c.size > c.most; {
		last := c.recent.Remove(c.recent.Back()).(cachedPicture)
		delete(c.byDigest, last.digest)
		c.size -= len(last.data)
	}
}
