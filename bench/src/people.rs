//! Customers: each number is a person with a name and an address, always the same ones.

const FIRST: [&str; 40] = [
    "Jane", "Omar", "Lucia", "Jonas", "Amelie", "Kenji", "Zofia", "Mateo", "Ingrid", "Rahul", "Chloe",
    "Emre", "Hanna", "Pavel", "Noor", "Diego", "Freya", "Tomas", "Aisha", "Marek", "Greta", "Hugo", "Leila",
    "Anton", "Bianca", "Sven", "Yara", "Nils", "Elena", "Oscar", "Ruth", "Felix", "Mira", "Tariq", "Vera",
    "Louis", "Petra", "Simon", "Dana", "Bruno",
];
const LAST: [&str; 40] = [
    "Miller", "Haddad", "Rossi", "Weber", "Dubois", "Tanaka", "Nowak", "Garcia", "Larsen", "Sharma",
    "Moreau", "Yilmaz", "Fischer", "Novak", "Rahman", "Torres", "Olsen", "Horvat", "Khan", "Kowal",
    "Schmidt", "Martin", "Nasser", "Petrov", "Costa", "Lind", "Aziz", "Berg", "Popescu", "Wilde", "Cohen",
    "Vogel", "Jansen", "Farouk", "Kral", "Bernard", "Maier", "Brown", "Levi", "Santos",
];

/// Letters that do not fit into ASCII, for those whose names have them.
const ACCENTED: [&str; 8] = [
    "Jürgen Müller",
    "Zoë Lefèvre",
    "Łukasz Wójcik",
    "佐藤 花子",
    "Анна Иванова",
    "Søren Ågård",
    "İpek Şahin",
    "نور حداد",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Person(pub u64);

impl Person {
    pub fn first_name(self) -> &'static str {
        FIRST[(self.0 % 40) as usize]
    }

    pub fn last_name(self) -> &'static str {
        LAST[(self.0 / 40 % 40) as usize]
    }

    pub fn name(self) -> String {
        format!("{} {}", self.first_name(), self.last_name())
    }

    /// A name that needs more than ASCII.
    pub fn accented_name(self) -> &'static str {
        ACCENTED[(self.0 % 8) as usize]
    }

    pub fn address(self) -> String {
        format!(
            "{}.{}.{}@customers.example.com",
            self.first_name().to_lowercase(),
            self.last_name().to_lowercase(),
            self.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Person;

    #[test]
    fn a_number_is_one_person() {
        assert_eq!(Person(41).name(), "Omar Haddad");
        assert_eq!(Person(41).address(), "omar.haddad.41@customers.example.com");
        assert_ne!(Person(41).address(), Person(1_641).address());
    }
}
