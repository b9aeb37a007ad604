package main

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// common are the words that make up most of a support ticket.
var common = strings.Fields(`the to and of is in a for we that it on this with not you have be are from as at can
	was when after but our if please there an or will has no error job table bucket project token data storage
	configuration run failed since yesterday users customer customers extractor writer transformation query
	still same other need version update changed working works access see check time hours know team issue again
	because before between column columns connection could credentials deadline different does every file files
	found get give help how into just last like limit log logs made more new next now once only orchestration out
	over possible problem production question retry row rows schema screenshot script second service should
	snapshot some source started support than thanks them then they thing timeout today tried two under until up
	upgrade via what which while who why without workspace would wrong year přihlášení načtení účet Ärger größer
	déjà été 東京 障害 🔥`)

var syllables = strings.Fields(`ab al an ar be ca ce co de di do el en er es fa fi ge ha hi in is ka la le li lo ma
	me mi mo na ne no on or pa pe po ra re ri ro sa se si so ta te ti to tra un va ve vi vo`)

// vocabulary is what texts are made of: a few words come up in every sentence
// and most of them seldom, as in any language.
type vocabulary struct {
	words []string
	index [8192]uint16 // a random place is a word as often as it is used
}

func newVocabulary() *vocabulary {
	v := &vocabulary{words: common}
	random := rand.New(rand.NewPCG(1, 1))
	for len(v.words) < 6000 {
		var word strings.Builder
		for range 2 + random.IntN(3) {
			word.WriteString(syllables[random.IntN(len(syllables))])
		}
		v.words = append(v.words, word.String())
	}
	for i := range v.index {
		v.index[i] = uint16(math.Pow(float64(len(v.words)), (float64(i)+0.5)/float64(len(v.index))) - 1)
	}
	return v
}

// maker writes the parts of one record. All that it writes is decided by its
// random numbers, which the corpus seeds by the number of the issue.
type maker struct {
	*rand.Rand
	*corpus
	b        []byte
	involved []*person
}

// involve chooses who has a part in the issue: a few agents and customers.
func (m *maker) involve() {
	for n := range 3 + m.IntN(5) {
		if n < 3 {
			m.involved = append(m.involved, &m.people[m.IntN(agents)])
			continue
		}
		m.involved = append(m.involved, &m.people[agents+m.IntN(len(m.people)-agents)])
	}
}

func (m *maker) person() *person { return m.involved[m.IntN(len(m.involved))] }

func (m *maker) chance(percent int) bool { return m.IntN(100) < percent }

// s writes JSON as it stands.
func (m *maker) s(parts ...string) {
	for _, part := range parts {
		m.b = append(m.b, part...)
	}
}

func (m *maker) int(n int) { m.b = strconv.AppendInt(m.b, int64(n), 10) }

// words writes n words of a string; some are numbers, names or addresses that
// occur once.
func (m *maker) words(n int) {
	for i := range n {
		if i > 0 {
			m.b = append(m.b, ' ')
		}
		switch bits := m.Uint64(); bits >> 40 & 63 {
		case 0:
			m.int(int(bits & 0xfffff))
		case 1:
			m.b = strconv.AppendUint(m.b, bits&0xffffffffff, 16)
		case 2:
			m.s("in.c-", m.vocabulary.word(bits), ".", m.vocabulary.word(bits>>13))
		case 3:
			m.s(`\"`, m.vocabulary.word(bits), `\"`)
		default:
			m.s(m.vocabulary.word(bits))
		}
	}
}

func (v *vocabulary) word(bits uint64) string { return v.words[v.index[bits&8191]] }

// one writes one of several pieces of JSON.
func (m *maker) one(list ...string) { m.s(list[m.IntN(len(list))]) }
