"""French words of the demo: names of neighbourhoods, and the blocks that the pages of councils are made of.

Everything is made up. In the texts, `{name}` is the neighbourhood and `{commune}` its commune.
"""

from random import Random

NEIGHBOURHOODS = (
    "Les Tilleuls", "La Fontaine aux Oiseaux", "Cité Jean Moulin", "Les Acacias", "Le Clos des Vignes",
    "La Grande Prairie", "Les Quatre Vents", "Bellevue", "Le Moulin Neuf", "Les Coquelicots", "La Source",
    "Les Hauts du Parc", "Cité Louise Michel", "Le Petit Bois", "Les Marronniers", "Plein Soleil", "La Croix Rouge",
    "Les Alouettes", "Le Val Fleuri", "Cité Pasteur", "Les Peupliers", "La Butte aux Cerisiers", "Le Grand Pré",
    "Les Hirondelles", "Montplaisir", "Cité Rosa Parks", "La Rivière", "Les Églantines", "Le Vieux Port",
    "Les Jardins de l’Abbaye", "La Madeleine", "Les Sablons", "Cité Olympe de Gouges", "Le Chemin Vert",
    "Les Platanes", "La Gare", "Les Bruyères", "Beausoleil", "Le Mail", "Les Lilas", "La Roseraie", "Les Terrasses",
    "Cité Frédéric Mistral", "Le Champ de Mars", "Les Amandiers", "La Plaine", "Les Trois Fontaines", "Le Belvédère",
    "Les Genêts", "Cité Aimé Césaire", "La Pépinière", "Les Mésanges", "Le Canal", "Les Grands Chênes",
    "La Chênaie", "Les Fougères", "Cité Simone Veil", "Le Pont de Pierre", "Les Cèdres", "La Tuilerie",
    "Les Glycines", "Le Faubourg", "Les Mimosas", "La Verrerie", "Cité Victor Hugo", "Les Ormes", "La Filature",
    "Les Capucines", "Le Haut Village", "Les Saules", "La Briqueterie", "Cité Marie Curie", "Les Épis d’Or",
    "Le Parc aux Daims", "Les Pervenches", "La Fosse aux Loups", "Les Charmilles", "Le Rond-Point", "Les Iris",
    "La Cerisaie", "Cité Jules Verne", "Les Noyers", "Le Bois Joli", "Les Aubépines", "La Manufacture",
    "Les Figuiers", "Cité Germaine Tillion", "Le Lavoir", "Les Bleuets", "La Clairière",
)  # fmt: skip

INTRODUCTIONS = (
    "Le conseil citoyen **{name}** réunit des habitants et des associations de {commune}. Nous sommes {members}, "
    "tirés au sort ou volontaires, et nous donnons notre avis sur tout ce qui change dans le quartier.",
    "Nous habitons, travaillons ou animons une association dans le quartier **{name}**, à {commune}. Depuis {year}, "
    "nous portons la parole des habitants auprès de la mairie, du bailleur et de l’État.",
    "Ici, pas besoin d’être spécialiste : le conseil citoyen **{name}** est ouvert à tous ceux qui vivent le quartier. "
    "Nous sommes {members} aujourd’hui, de 19 à 78 ans, et il reste de la place.",
    "À {commune}, le conseil citoyen **{name}** existe depuis {year}. Il est indépendant : ni la mairie ni le préfet "
    "ne décident de ce dont nous parlons. Une moitié d’habitants, une moitié d’associations et de commerçants.",
    "**{name}**, c’est environ {homes} logements, deux écoles, un marché et beaucoup d’idées. Notre conseil citoyen "
    "rassemble {members} pour les mettre en commun et les faire avancer.",
    "Nous avons commencé à quatre autour d’un café. Aujourd’hui le conseil citoyen **{name}** compte {members}, et "
    "chacun y parle d’égal à égal avec les élus et les techniciens de {commune}.",
)
ACHIEVEMENTS = (
    "l’éclairage du chemin de l’école, obtenu après deux visites de nuit avec les services de la ville",
    "un jardin partagé de 24 parcelles, au pied des tours",
    "une enquête auprès de 180 foyers sur les charges de chauffage",
    "l’arrêt de bus déplacé devant le centre de santé",
    "une boîte à livres fabriquée avec les jeunes du lycée professionnel",
    "la réouverture de la salle commune le mercredi et le samedi",
    "une permanence mensuelle pour aider à remplir les papiers",
    "un atelier de réparation de vélos, tous les premiers samedis",
    "la fête des voisins, avec plus de 300 personnes l’été dernier",
    "un passage piéton surélevé devant la crèche",
    "des bancs choisis et placés par les anciens du quartier",
    "un composteur collectif, tenu par six familles",
    "une visite du chantier de rénovation, étage par étage, avec le bailleur",
    "un livret d’accueil pour les nouveaux arrivants, traduit en quatre langues",
    "des cours de français entre voisins, deux soirs par semaine",
    "une marche exploratoire des femmes, dont onze demandes sur quinze ont été suivies",
)
PROJECTS = (
    "Cette année, nous suivons la rénovation du centre commercial. Nous demandons que la pharmacie reste ouverte "
    "pendant les travaux.",
    "Notre grand chantier : un budget participatif de 12 000 euros. Les habitants ont proposé 31 idées ; le vote aura "
    "lieu à la maison de quartier.",
    "Nous préparons un journal de rue, quatre pages par saison, distribué dans toutes les boîtes aux lettres. "
    "Rédacteurs et dessinateurs sont les bienvenus.",
    "En ce moment, nous travaillons sur le froid dans les logements : relevés de température, rendez-vous avec le "
    "bailleur, aides possibles.",
    "Nous préparons avec les écoles un terrain de jeux plus ombragé. Les enfants ont dessiné les plans, la ville les "
    "étudie.",
    "Nous participons au comité de pilotage du contrat de ville. Nos questions et les réponses reçues sont affichées "
    "dans le hall de la mairie annexe.",
    "Prochaine étape : obtenir une présence médicale le mercredi, car le dernier médecin du quartier part à la "
    "retraite.",
)
WAYS = (
    "Nos réunions sont publiques. On y vient comme on est, avec ses enfants s’il le faut : un coin jeux est prévu.",
    "Chaque réunion commence par un tour des bonnes nouvelles et finit par la liste de ce que chacun va faire.",
    "Les comptes-rendus sont affichés dans les halls d’immeuble et envoyés par courriel à ceux qui le souhaitent.",
    "Nous décidons ensemble, à main levée. Quand nous ne sommes pas d’accord, nous écrivons les deux avis.",
    "Un café est servi à partir de 17 h 30, avant les réunions : c’est souvent là que naissent les projets.",
)
PARTNERS = (
    "Nous travaillons avec le centre social, la régie de quartier, les deux écoles et l’amicale des locataires.",
    "Nos partenaires : le club de football, la médiathèque, la mission locale et trois commerçants de la place.",
    "La ville nous prête une salle et un ordinateur. Pour le reste, nous sommes tous bénévoles.",
    "Avec les conseils citoyens voisins, nous nous retrouvons une fois par trimestre pour comparer nos expériences.",
)
INVITATIONS = (
    "Envie de venir ? Poussez la porte, ou laissez-nous un message : quelqu’un vous rappelle dans la semaine.",
    "Pour nous rejoindre, il suffit d’habiter ou de travailler dans le quartier et d’avoir plus de 16 ans.",
    "Une idée, une colère, un coup de main ? Écrivez-nous ou venez à la prochaine réunion, sans inscription.",
    "Vous pouvez venir une seule fois pour voir. Personne ne vous demandera de vous engager.",
    "Nous cherchons surtout des jeunes et des parents : l’horaire des réunions peut changer pour vous.",
)
MEETINGS = (
    "Le premier mardi du mois à 18 h 30, à la maison de quartier",
    "Un jeudi sur deux à 19 h, au centre social",
    "Le deuxième samedi du mois à 10 h, à la médiathèque",
    "Le dernier mercredi du mois à 18 h, salle des associations",
    "Tous les lundis à 17 h 30, dans le local du conseil, sauf en août",
    "Une fois par trimestre, date affichée dans les halls ; café citoyen chaque vendredi à 16 h",
)
PLACES = ("Maison de quartier", "Centre social", "Local du conseil citoyen", "Espace associatif", "Mairie annexe")
STREETS = (
    "rue des Tilleuls", "place du Marché", "allée des Acacias", "avenue de la République", "rue de l’École",
    "place de la Fontaine", "rue Jean-Jaurès", "allée du Parc",
)  # fmt: skip
LINKS = (
    ("Le journal du quartier", "journal"),
    ("Photos de la dernière fête", "photos"),
    ("Comptes-rendus des réunions", "comptes-rendus"),
    ("Le site du centre social", "centre-social"),
)


def describe(name: str, commune: str, random: Random) -> str:
    """Return the description of a council in Markdown, made of three to six blocks."""
    facts = {"members": f"{random.randint(9, 34)} membres", "year": random.randint(2015, 2019),
             "homes": random.randrange(400, 2600, 50)}  # fmt: skip
    introduction = random.choice(INTRODUCTIONS).format(name=name, commune=commune, **facts)
    others = [random.choice(PROJECTS), random.choice(PARTNERS), random.choice(WAYS)]
    blocks = [introduction, *others]
    if random.random() < 0.8:
        kept = sorted(random.sample(range(3), random.randint(1, 3)))
        done = "\n".join(f"- {achievement}" for achievement in random.sample(ACHIEVEMENTS, random.randint(3, 4)))
        blocks = [introduction, *(others[index] for index in kept), f"# Ce que nous avons obtenu\n\n{done}"]
    return "\n\n".join([*blocks, f"# Nous rejoindre\n\n{random.choice(INVITATIONS)}"])
