package spool

import "qianshao/internal/platform/envelope"

// PutWord keeps what a reporter says after the report, on disk when it returns. A word that waits already stays as it is:
// fresh says that it was not. One that was taken is not known here any more: whoever takes words takes each name once.
func (s *Spool) PutWord(w envelope.Word) (fresh bool, err error) {
	b, err := w.Marshal()
	if err != nil {
		return false, err
	}
	if _, err := envelope.ParseWord(b); err != nil {
		return false, err
	}
	err = s.write(&s.more, w.ID(), b, true, func() (bool, error) {
		in, err := s.has(&s.more, w.ID())
		fresh = err == nil && !in
		return fresh, err
	})
	return fresh && err == nil, err
}

// Word is the one that waits under a name.
func (s *Spool) Word(name string) (w envelope.Word, ok bool, err error) {
	b, ok, err := s.read(&s.more, name)
	if ok {
		w, err = envelope.ParseWord(b)
	}
	return w, ok && err == nil, err
}

// Words lists the names of the words in more/, in their own order, at most some of them.
func (s *Spool) Words(most int) ([]string, error) { return s.list(&s.more, "", most) }

// Said lists those of one report.
func (s *Spool) Said(report string, most int) ([]string, error) {
	if !lawful(report) {
		return nil, nil
	}
	return s.list(&s.more, report+"-", most)
}

// Heard takes a word out of more/, with its files: it is kept elsewhere now. What its reporter is told is on disk before
// it goes.
func (s *Spool) Heard(w envelope.Word) error { return s.taken(&s.more, w.ID(), w.Files) }
