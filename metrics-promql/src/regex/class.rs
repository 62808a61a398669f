//! Sets of characters.

/// `[a-z]`, `\d`, `\p{Greek}`
#[derive(Clone, Debug, Default)]
pub(super) struct Class {
    pub(super) ranges: Vec<(u32, u32)>,
    /// Names of Unicode's classes, each with whether it is meant without negation.
    pub(super) unicode: Vec<(&'static str, bool)>,
    pub(super) negated: bool,
}

impl Class {
    /// Whether it contains a character; `None` if only Unicode's tables know.
    pub(super) fn contains(&self, character: char, ignores_case: bool) -> Option<bool> {
        let in_ranges = |character: char| {
            let code = u32::from(character);
            self.ranges.iter().any(|&(first, last)| (first..=last).contains(&code))
        };
        let mut found = in_ranges(character);
        if ignores_case && !found {
            found = cases(character).into_iter().flatten().any(in_ranges);
        }
        for &(name, wanted) in &self.unicode {
            if found {
                break;
            }
            found = in_unicode(name, character, ignores_case)? == wanted;
        }
        Some(found != self.negated)
    }

    /// Adds all that is between the ranges of `class`, and not those.
    pub(super) fn add_complement(&mut self, ranges: &[(u32, u32)]) {
        let mut next = 0;
        for &(first, last) in ranges {
            if next < first {
                self.ranges.push((next, first - 1));
            }
            next = last + 1;
        }
        self.ranges.push((next, u32::from(char::MAX)));
    }
}

/// The two forms of a letter. (Go also knows three letters that have a third: `K`, `S` and `Å` as units.)
fn cases(character: char) -> [Option<char>; 2] {
    let mut lower = character.to_lowercase();
    let mut upper = character.to_uppercase();
    let single = |first: Option<char>, second: Option<char>| if second.is_none() { first } else { None };
    [single(lower.next(), lower.next()), single(upper.next(), upper.next())]
}

/// The lower case of a letter, to compare by.
pub(super) fn fold(character: char) -> char {
    cases(character)[0].unwrap_or(character)
}

/// For ASCII, exactly.
fn in_unicode(name: &str, character: char, ignores_case: bool) -> Option<bool> {
    if name == "Any" {
        return Some(true);
    }
    if !character.is_ascii() {
        return None;
    }
    let letter = character.is_ascii_alphabetic();
    Some(match name {
        "L" | "LC" | "Latin" => letter,
        "Lu" => character.is_ascii_uppercase() || (ignores_case && letter),
        "Ll" => character.is_ascii_lowercase() || (ignores_case && letter),
        "N" | "Nd" => character.is_ascii_digit(),
        "P" => is_punctuation(character),
        "Pc" => character == '_',
        "Pd" => character == '-',
        "Ps" => matches!(character, '(' | '[' | '{'),
        "Pe" => matches!(character, ')' | ']' | '}'),
        "Po" => is_punctuation(character) && !matches!(character, '_' | '-' | '(' | '[' | '{' | ')' | ']' | '}'),
        "S" => matches!(character, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~'),
        "Sc" => character == '$',
        "Sk" => matches!(character, '^' | '`'),
        "Sm" => matches!(character, '+' | '<' | '=' | '>' | '|' | '~'),
        "Z" | "Zs" => character == ' ',
        "C" | "Cc" => character.is_ascii_control(),
        "Common" => !letter,
        _ => false,
    })
}

fn is_punctuation(character: char) -> bool {
    character.is_ascii_punctuation() && !matches!(character, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
}

/// The ranges of `\d`, `\s` and `\w`, which are ASCII in Go.
pub(super) fn perl(letter: char) -> Option<&'static [(u32, u32)]> {
    Some(match letter {
        'd' => &[(0x30, 0x39)],
        's' => &[(0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)],
        'w' => &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)],
        _ => return None,
    })
}

/// The ranges of `[:alpha:]`.
pub(super) fn posix(name: &str) -> Option<&'static [(u32, u32)]> {
    Some(match name {
        "alnum" => &[(0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)],
        "alpha" => &[(0x41, 0x5A), (0x61, 0x7A)],
        "ascii" => &[(0x00, 0x7F)],
        "blank" => &[(0x09, 0x09), (0x20, 0x20)],
        "cntrl" => &[(0x00, 0x1F), (0x7F, 0x7F)],
        "digit" => &[(0x30, 0x39)],
        "graph" => &[(0x21, 0x7E)],
        "lower" => &[(0x61, 0x7A)],
        "print" => &[(0x20, 0x7E)],
        "punct" => &[(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)],
        "space" => &[(0x09, 0x0D), (0x20, 0x20)],
        "upper" => &[(0x41, 0x5A)],
        "word" => &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)],
        "xdigit" => &[(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)],
        _ => return None,
    })
}

/// Unicode's classes that Go knows by this name.
pub(super) fn unicode(name: &str) -> Option<&'static str> {
    UNICODE.split_ascii_whitespace().find(|&known| known == name)
}

/// General categories, then scripts.
const UNICODE: &str = "
    Any C Cc Cf Co Cs L LC Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs Cn

    Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki Bopomofo
    Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common
    Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs
    Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul
    Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi
    Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki
    Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar Malayalam Mandaic Manichaean
    Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi
    Mongolian Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong
    Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian
    Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi
    Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese
    Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan
    Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square
";
