DROP TABLE client_places;
DROP TABLE clients;
DROP TABLE places;
