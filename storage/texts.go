package storage

import "github.com/stoa-rooms/stoa/statement"

// Text is the text behind a commitment; ok is false if it was never there or has been erased. What is erased is gone
// from Badger's files only once it has rewritten them.
func (s *Store) Text(c statement.Commitment) (t statement.Text, ok bool, err error) {
	t, err = use(s, func(v *view) (statement.Text, error) {
		key := named(kindText, v.head.epoch, c)
		raw, there, err := v.get(key)
		if err != nil || !there {
			return statement.Text{}, err
		}
		t, err := decodeText(raw)
		if err != nil || t.Commitment() != c {
			return statement.Text{}, spoiled(key, errValue)
		}
		ok = true
		return t, nil
	})
	return t, ok, err
}
