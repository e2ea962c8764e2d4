package node

import (
	"container/list"
	"sync"

	"github.com/stoa-rooms/stoa/statement"
)

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
