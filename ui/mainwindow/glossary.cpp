// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/glossary.h"

#include "ui/mainwindow/helptable.h"
#include "ui/theme/theme.h"

#include <QVBoxLayout>

namespace moescope::ui {

Glossary::Glossary(QWidget* parent) : FramedDialog(tr("Glossary"), parent) {
    const QList<QPair<QString, QString>> terms = {
        {tr("Router"), tr("Scores all experts of a layer for a token and chooses the best of them, the top k.")},
        {tr("Gate"), tr("The weight of an expert for a token, 0 to 1. What the expert computes is multiplied by it.")},
        {tr("Margin"), tr("The last chosen expert’s gate less that of the next one. Below 0.10 it is a close call.")},
        {tr("Entropy"), tr("How evenly the gates of a token are spread over the experts, in bits. 0: one expert has "
                           "all. log₂ of the number of experts: all have the same.")},
        {tr("Shared expert"), tr("Works on every token. The router does not choose it.")},
        {tr("÷ uniform"), tr("An expert’s share of the tokens, divided by the share if all experts had as many.")},
        {tr("Chance, 95 %"), tr("The range that 95 of 100 random draws of as many tokens stay in.")},
        {tr("CV"), tr("Coefficient of variation: standard deviation ÷ mean of the tokens per expert. 0: all experts "
                      "have as many.")},
        {tr("Gini"), tr("How unequal the load of the experts is, 0 to 1. 0: all have as many tokens. Near 1: few have "
                        "nearly all.")},
        {tr("Idle"), tr("An expert that no token was routed to.")},
        {tr("Moved"), tr("The share of a layer’s choices that went to other experts in the second half of an answer "
                         "than in the first.")},
        {tr("Lift"), tr("How much more often two things come together than if they were independent, as a token class "
                        "and an expert. 1: as often.")},
        {tr("Surprise"), tr("−log₂ of a token’s probability before sampling, in bits. A certain token has 0.")},
        {tr("Before, after sampling"), tr("The model’s own probabilities, and those that penalties, temperature, "
                                          "top-k, top-p and min-p make of them.")},
        {tr("KL"), tr("Kullback–Leibler divergence: how far B’s probabilities of the next token are from A’s, over "
                      "A’s text, in bits. 0: the same.")},
        {tr("Sink"), tr("Where a head’s attention goes when it has nothing to look for: mostly the first token, in "
                        "some models a learned weight of no token.")},
        {tr("KV cache"), tr("Keys and values of the tokens so far, which attention reads.")},
        {tr("GQA"), tr("Grouped-query attention: several query heads share a head of keys and values.")},
        {tr("CLA"), tr("Cross-layer attention: neighbouring layers share one KV cache.")},
        {tr("Ban, force, bias"),
         tr("A ban sets an expert’s logit 0.01 below the lowest of its layer, a force 0.01 above the highest, a bias "
            "is added to it; the gates are computed from that. A ban takes the expert’s part of the gates from it, so "
            "the others grow a little even where it would not have been chosen, and close draws can fall otherwise.")},
        {tr("Capacity"), tr("The most tokens an expert takes in a layer. Those above are dropped, or move to another "
                            "expert.")},
    };
    QVBoxLayout* column = addBody();
    QFont names = theme().font(TextStyle::Ui);
    names.setWeight(QFont::DemiBold);
    auto* table = new HelpTable({tr("Term"), tr("Meaning")}, terms, names);
    table->setAccessibleName(tr("Terms and what they mean"));
    table->wrap();
    column->addWidget(table, 1);
    addClose(column);
    sizeWithin({720, 720});
    table->setFocus();
}

} // namespace moescope::ui
