// Package text makes Chinese text searchable, the same on both engines: every run of Han characters becomes its
// overlapping pairs, a run's last character stands alone too, and Latin letters and digits are words.
//
// Texts and what is typed are compared in one bare form: folded, and whatever is neither letter nor digit is one gap,
// so that the brackets of a document's number may be typed as they come. A term of Han characters finds exactly the texts
// that contain it, whether it has one character or many; a word of letters or digits finds those in which a word begins
// with it; a term mixed of both (10万, or a whole number) does both and stands in the text in one piece.
//
// The scope a row belongs to is words of the index too (package access makes them), behind a mark that no text can
// contain: a search asks for the reader's words beside the term, so that it walks nothing the reader may not see.
//
// SQLite keeps an FTS5 index without content under numbers that sort as the matters' keys do; its tokenizer only cuts at
// blanks, what a word is stands here alone. PostgreSQL keeps the words as a column under a GIN index. The property test
// holds both against a search without any index.
//
// Start at Parse, Put and Find.
package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold brings a text to one form: compatibility characters folded, lower case, no white space runs, no marks of
// direction or of joining. Folding what is folded changes nothing.
func Fold(s string) string {
	s = strings.Map(func(r rune) rune { // nobody sees it, and it may stand between a letter and its mark
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
	for range 3 { // a letter may find its mark only once it is small
		was := s
		if s = strings.ToLower(norm.NFKC.String(s)); s == was {
			break
		}
	}
	var b strings.Builder
	blank := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			blank = b.Len() > 0
		default:
			if blank {
				b.WriteByte(' ')
				blank = false
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Name is the form in which names are held against each other: folded, and without the blanks that some set between the
// characters of a short one.
func Name(s string) string { return strings.ReplaceAll(Fold(s), " ", "") }

// bare is the form that is searched: the folded text's letters and digits, with one blank for whatever is between them.
// What nobody sees inside a word (a direction, a choice among a character's shapes) does not part it.
func bare(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.FieldsFunc(Fold(s), func(r rune) bool { return !inWord(r) }), " ")
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || isHan(r)
}

// isHan counts as a Han character all of the planes set aside for them, whatever this program's tables know of them yet,
// and characters for private use, which is how registers write names that were in no standard.
func isHan(r rune) bool {
	return unicode.Is(unicode.Han, r) || r >= 0x20000 && r < 0x3fffe || unicode.Is(unicode.Co, r)
}

// longest bounds a term and a word of the index, in characters: PostgreSQL refuses words past 2 KB, and nobody types one.
const longest = 40

// Words cuts a text in its folded or bare form into the words of the index.
func Words(s string) []string {
	var out []string
	for _, run := range runs(s) {
		if !run.han {
			out = append(out, string(run.chars[:min(len(run.chars), longest)]))
			continue
		}
		for i := range run.chars {
			out = append(out, string(run.chars[i:min(i+2, len(run.chars))]))
		}
	}
	return out
}

type run struct {
	han   bool
	chars []rune
}

func runs(s string) []run {
	var out []run
	fresh := true
	for _, r := range s {
		han := isHan(r)
		switch n := len(out); {
		case !inWord(r):
			fresh = true
			continue
		case !fresh && out[n-1].han == han:
			out[n-1].chars = append(out[n-1].chars, r)
		default:
			out = append(out, run{han, []rune{r}})
		}
		fresh = false
	}
	return out
}

// Parse cuts what was typed into terms, at its blanks; nothing searchable gives none.
func Parse(typed string) []string {
	var out []string
	for _, f := range strings.Fields(typed) {
		f = bare(f)
		if r := []rune(f); len(r) > longest {
			f = strings.TrimSpace(string(r[:longest]))
		}
		if f != "" && len(out) < 8 {
			out = append(out, f)
		}
	}
	return out
}

// Alike says how much two texts share, from 0 to 1: the pairs they have in common over all their pairs.
func Alike(a, b string) float64 {
	x, y := set(Words(Fold(a))), set(Words(Fold(b)))
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	both := 0
	for w := range x {
		if y[w] {
			both++
		}
	}
	return float64(both) / float64(len(x)+len(y)-both)
}

func set(ws []string) map[string]bool {
	m := make(map[string]bool, len(ws))
	for _, w := range ws {
		m[w] = true
	}
	return m
}
