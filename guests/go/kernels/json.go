//go:build wasip1

package main

import "encoding/json"

type person struct {
	Number int      `json:"number"`
	Name   string   `json:"name"`
	Words  []string `json:"words"`
	Score  float64  `json:"score"`
	Even   bool     `json:"even"`
	Next   *person  `json:"next"`
}

func randomPerson(number int, r *random) person {
	p := person{Number: number, Name: "the \"quick\"\tfox é", Words: []string{}, Even: number%2 == 0}
	for range number % 4 {
		p.Words = append(p.Words, r.word())
	}
	whole := float64(r.next() % 1000)
	p.Score = -(whole + float64(r.next()%4)/4)
	return p
}

// Kinds of values, as in the C kernels.
const (
	kindNull = iota
	kindFalse
	kindTrue
	kindNumber
	_ // strings have the hash of their bytes
	kindArray
	kindObject
)

// hashValue hashes a JSON value. The hash does not depend on the order of an
// object's members.
func hashValue(v any) hash {
	switch v := v.(type) {
	case bool:
		if v {
			return newHash.with(kindTrue)
		}
		return newHash.with(kindFalse)
	case float64:
		return newHash.with(kindNumber).with(uint32(int32(v * 4)))
	case string:
		return hashOf(v)
	case []any:
		h := newHash.with(kindArray)
		for _, element := range v {
			h = h.with(uint32(hashValue(element)))
		}
		return h
	case map[string]any:
		h := newHash.with(kindObject)
		for key, member := range v {
			h += hashOf(key).with(uint32(hashValue(member)))
		}
		return h
	default:
		return newHash.with(kindNull)
	}
}

// jsonRecords writes n people as JSON, and reads them.
//
//go:wasmexport json
func jsonRecords(n int32) int32 {
	r := random(1)
	people := make([]person, n)
	for i := range people {
		people[i] = randomPerson(i, &r)
	}
	written, err := json.Marshal(people)
	if err != nil {
		return -1
	}
	var read any
	if err := json.Unmarshal(written, &read); err != nil {
		return -1
	}
	return int32(hashValue(read))
}
