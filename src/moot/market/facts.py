"""What is known of the market beside prices: places, CPUs, egress, disk, what is promised."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fnmatch import fnmatchcase

from moot.model.availability import Sla

# Where the vendors' lists of regions say that they are, as ISO 3166-1 alpha-2 in lower case:
# docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html,
# learn.microsoft.com/azure/reliability/regions-list,
# cloud.google.com/compute/docs/regions-zones.
# Of a region that is not here nothing is known.
COUNTRIES: Mapping[str, Mapping[str, str]] = {
    "aws": {
        "af-south-1": "za",
        "ap-east-1": "hk",
        "ap-east-2": "tw",
        "ap-northeast-1": "jp",
        "ap-northeast-2": "kr",
        "ap-northeast-3": "jp",
        "ap-south-1": "in",
        "ap-south-2": "in",
        "ap-southeast-1": "sg",
        "ap-southeast-2": "au",
        "ap-southeast-3": "id",
        "ap-southeast-4": "au",
        "ap-southeast-5": "my",
        "ap-southeast-6": "nz",
        "ap-southeast-7": "th",
        "ca-central-1": "ca",
        "ca-west-1": "ca",
        "eu-central-1": "de",
        "eu-central-2": "ch",
        "eu-north-1": "se",
        "eu-south-1": "it",
        "eu-south-2": "es",
        "eu-west-1": "ie",
        "eu-west-2": "gb",
        "eu-west-3": "fr",
        "il-central-1": "il",
        "me-central-1": "ae",
        "me-south-1": "bh",
        "mx-central-1": "mx",
        "sa-east-1": "br",
        **dict.fromkeys(("us-east-1", "us-east-2", "us-west-1", "us-west-2"), "us"),
        **dict.fromkeys(("us-gov-east-1", "us-gov-west-1"), "us"),
    },
    "azure": {
        **dict.fromkeys(
            ("australiacentral", "australiacentral2", "australiaeast", "australiasoutheast"), "au"
        ),
        **dict.fromkeys(("brazilsouth", "brazilsoutheast"), "br"),
        **dict.fromkeys(("canadacentral", "canadaeast"), "ca"),
        **dict.fromkeys(("centralindia", "southindia", "westindia"), "in"),
        **dict.fromkeys(("centralus", "eastus", "eastus2", "northcentralus"), "us"),
        **dict.fromkeys(("southcentralus", "westcentralus", "westus", "westus2", "westus3"), "us"),
        **dict.fromkeys(("usgovarizona", "usgovtexas", "usgovvirginia"), "us"),
        "eastasia": "hk",
        **dict.fromkeys(("francecentral", "francesouth"), "fr"),
        **dict.fromkeys(("germanynorth", "germanywestcentral"), "de"),
        **dict.fromkeys(("japaneast", "japanwest"), "jp"),
        **dict.fromkeys(("koreacentral", "koreasouth"), "kr"),
        "northeurope": "ie",
        **dict.fromkeys(("norwayeast", "norwaywest"), "no"),
        **dict.fromkeys(("southafricanorth", "southafricawest"), "za"),
        "southeastasia": "sg",
        **dict.fromkeys(("switzerlandnorth", "switzerlandwest"), "ch"),
        **dict.fromkeys(("uaecentral", "uaenorth"), "ae"),
        **dict.fromkeys(("uksouth", "ukwest"), "gb"),
        "westeurope": "nl",
        "austriaeast": "at",
        "belgiumcentral": "be",
        "chilecentral": "cl",
        "indonesiacentral": "id",
        "israelcentral": "il",
        "italynorth": "it",
        "malaysiawest": "my",
        "mexicocentral": "mx",
        "newzealandnorth": "nz",
        "polandcentral": "pl",
        "qatarcentral": "qa",
        "spaincentral": "es",
        "swedencentral": "se",
    },
    "gcp": {
        "asia-east1": "tw",
        "asia-east2": "hk",
        "asia-northeast1": "jp",
        "asia-northeast2": "jp",
        "asia-northeast3": "kr",
        "asia-south1": "in",
        "asia-southeast1": "sg",
        "asia-southeast2": "id",
        "australia-southeast1": "au",
        "europe-north1": "fi",
        "europe-west1": "be",
        "europe-west2": "gb",
        "europe-west3": "de",
        "europe-west4": "nl",
        "europe-west6": "ch",
        "northamerica-northeast1": "ca",
        "southamerica-east1": "br",
        "africa-south1": "za",
        "asia-south2": "in",
        "australia-southeast2": "au",
        "europe-central2": "pl",
        "europe-north2": "se",
        "europe-southwest1": "es",
        "europe-west10": "de",
        "europe-west12": "it",
        "europe-west8": "it",
        "europe-west9": "fr",
        "me-central1": "qa",
        "me-central2": "sa",
        "me-west1": "il",
        "northamerica-northeast2": "ca",
        "northamerica-south1": "mx",
        "southamerica-west1": "cl",
        **dict.fromkeys(("us-east1", "us-east5", "us-south1", "us-west1"), "us"),
        **dict.fromkeys(("us-central1", "us-east4", "us-west2", "us-west3", "us-west4"), "us"),
    },
}

# The members of the European Union (european-union.europa.eu): not Great Britain, not Switzerland,
# not Norway, whatever a region of theirs is called.
EU = frozenset(
    (
        *("at", "be", "bg", "cy", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr", "hr", "hu"),
        *("ie", "it", "lt", "lu", "lv", "mt", "nl", "pl", "pt", "ro", "se", "si", "sk"),
    )
)

# Types that may use their CPUs in full for some time only: "burstable" in the words of Amazon's
# and Microsoft's documentation.
BURSTABLE: Mapping[str, str] = {"aws": "t[1-9]*", "azure": "Standard_B*"}

# What vendors take for a GB that leaves them for the internet, in US dollars, as their lists had it
# at the beginning of 2026 for regions in Europe and North America and the first terabyte of a
# month: aws.amazon.com/ec2/pricing/on-demand, azure.microsoft.com/pricing/details/bandwidth,
# cloud.google.com/vpc/network-pricing (Premium Tier).  Elsewhere they take more, of much traffic
# less, and a first part is free.
EGRESS: Mapping[str, Decimal] = {
    "aws": Decimal("0.09"),
    "azure": Decimal("0.087"),
    "gcp": Decimal("0.12"),
}
EGRESS_DAY = "2026-01-01"

# What the vendors take for a GiB of general-purpose disk on their network for a month, in US
# dollars, for their first regions in North America: of gp3, Premium SSD v2 and pd-balanced, without
# more operations and throughput than are in it.  It is what is generally known of
# aws.amazon.com/ebs/pricing, azure.microsoft.com/pricing/details/managed-disks and
# cloud.google.com/compute/disks-image-pricing; in Europe it is a tenth more or so.
DISK: Mapping[str, Decimal] = {
    "aws": Decimal("0.08"),
    "azure": Decimal("0.081"),
    "gcp": Decimal("0.10"),
}
DISK_DAY = "2026-01-01"

# What the vendors' agreements promise, with service credits for less: of a single machine, and of
# a region where there are several in several zones.  aws.amazon.com/compute/sla,
# microsoft.com/licensing/docs/view/Service-Level-Agreements-SLA-for-Online-Services (with Premium
# SSDs), cloud.google.com/compute/sla.
SLAS: Mapping[str, Sla] = {
    "aws": Sla(levels={"region": 0.9999, "host": 0.995}),
    "azure": Sla(levels={"region": 0.9999, "host": 0.999}),
    "gcp": Sla(levels={"region": 0.9999, "host": 0.999}),
}


def area(vendor: str, region: str) -> frozenset[str]:
    """Traits of a region: its country, and `eu` where that is a member; none where unknown."""
    country = COUNTRIES.get(vendor, {}).get(region)
    if country is None:
        return frozenset()
    return frozenset({country, "eu"} if country in EU else {country})


def burstable(vendor: str, type: str) -> bool:
    """Whether its CPUs are its own for some time only."""
    return fnmatchcase(type, BURSTABLE.get(vendor, ""))
