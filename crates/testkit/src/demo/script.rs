//! What the customers of the demo say.

/// A customer with a reason to write.
pub(super) struct Role {
    pub name: &'static str,
    pub address: &'static str,
    pub subject: &'static str,
    pub opening: &'static str,
    pub html: bool,
    /// What they answer, in turn.
    pub answers: &'static [&'static str],
}

pub(super) const ROLES: &[Role] = &[
    Role {
        name: "Jane Miller",
        address: "jane.miller@mail.example.com",
        subject: "Wedding cake for 12 December",
        opening: "Hello,\n\nwe are getting married on 12 December and would love a three-tier lemon cake for about 60 guests.\nCould you tell us what that would cost, and whether you deliver to the old town hall?\n\nBest wishes\nJane Miller",
        html: true,
        answers: &[
            "That sounds lovely! Could we also have one tier without nuts? My sister is allergic.",
            "Perfect, thank you. Where do I send the deposit?",
        ],
    },
    Role {
        name: "Omar Haddad",
        address: "omar@cafe-corner.example.com",
        subject: "Invoice INV-1042",
        opening: "Hi,\n\nyour invoice INV-1042 lists 40 croissants, but on Tuesday we only got 36.\nCould you please correct it? I will pay the same day.\n\nOmar\nCafé Corner",
        html: false,
        answers: &["Thanks for looking into it so fast. I will wait for the new invoice.", "Got it. Paid."],
    },
    Role {
        name: "Lucía Fernández",
        address: "lucia@estudio.example.com",
        subject: "¿Hacen entregas los domingos?",
        opening: "Buenos días,\n\n¿hacen entregas los domingos por la mañana? Somos una oficina de 20 personas y queremos organizar un desayuno.\n\nGracias,\nLucía",
        html: true,
        answers: &["¡Qué bien! Entonces 20 medialunas y 10 empanadas, por favor."],
    },
    Role {
        name: "Tom Becker",
        address: "tom.becker@post.example.com",
        subject: "Rye bread was mouldy",
        opening: "Hello Bakery,\n\nI bought a rye bread yesterday at your shop in Mill Street and this morning it was already mouldy.\nI am a bit disappointed, usually your bread is great.\n\nTom",
        html: false,
        answers: &["Thank you, that is more than fair. See you on Saturday!"],
    },
    Role {
        name: "Aiko Tanaka",
        address: "aiko@hotel-sakura.example.com",
        subject: "Weekly order / 毎週の注文",
        opening: "Dear team,\n\nplease add 15 melon pans to our weekly order from next Monday.\nいつもありがとうございます。\n\nAiko Tanaka\nHotel Sakura",
        html: false,
        answers: &["Confirmed, thank you very much. 助かります！"],
    },
    Role {
        name: "",
        address: "p.novak@office.example.com",
        subject: "Job application",
        opening: "Dear Sir or Madam,\n\nI am a trained baker with six years of experience and would like to apply for the night shift you advertise in your window.\nMay I come by this week?\n\nPetra Novak",
        html: false,
        answers: &["Thursday at two suits me well. Thank you!"],
    },
    Role {
        name: "Greta Lind",
        address: "greta.lind@school.example.com",
        subject: "School visit",
        opening: "Good morning,\n\nmy class (24 children, second grade) would love to see how bread is made. Do you offer visits?\n\nKind regards\nGreta Lind",
        html: true,
        answers: &["The children are thrilled. We will bring aprons!"],
    },
    Role {
        name: "Samuel Okoye",
        address: "samuel@okoye-catering.example.com",
        subject: "Partnership for events",
        opening: "Hi there,\n\nwe cater about four events a month and look for a bakery that can supply rolls and small cakes.\nWhat are your conditions from 200 pieces?\n\nSamuel",
        html: false,
        answers: &[
            "Good prices. Can you send samples on Friday?",
            "They were excellent, my team agrees. Let's talk about January.",
        ],
    },
    Role {
        name: "Nora Quist",
        address: "nora.quist@mail.example.com",
        subject: "Lost scarf",
        opening: "Hello,\n\nI think I left my green scarf on the bench by the window on Sunday. Did you find it?\n\nNora",
        html: false,
        answers: &["You are wonderful. I'll pick it up tomorrow!"],
    },
];

/// What somebody says who has run out of script.
pub(super) const CLOSING: &str = "Thank you, that helps a lot. Have a nice day!";
